// SPDX-License-Identifier: MIT OR Apache-2.0
// A timer that runs three times, in a value of an array and in one of a hash table.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#define CLOCK_MONOTONIC 1

struct timed {
  int runs, last_key;
  struct bpf_timer timer;
};

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 4);
  __type(key, int);
  __type(value, struct timed);
} in_array SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 4);
  __type(key, int);
  __type(value, struct timed);
} in_hash SEC(".maps");

static int on_array(void *map, int *key, struct timed *value) {
  value->last_key = *key;
  if (++value->runs < 3)
    bpf_timer_start(&value->timer, 100000, 0);
  return 0;
}

static int on_hash(void *map, int *key, struct timed *value) {
  value->last_key = *key;
  if (++value->runs < 3)
    bpf_timer_start(&value->timer, 100000, 0);
  return 0;
}

SEC("tc")
int start(struct __sk_buff *context) {
  int key = 2;
  struct timed fresh = {}, *value = bpf_map_lookup_elem(&in_array, &key);
  if (!value || bpf_timer_init(&value->timer, &in_array, CLOCK_MONOTONIC))
    return 1;
  if (bpf_timer_set_callback(&value->timer, on_array) || bpf_timer_start(&value->timer, 1000000, 0))
    return 2;
  key = 7;
  if (bpf_map_update_elem(&in_hash, &key, &fresh, BPF_ANY))
    return 3;
  value = bpf_map_lookup_elem(&in_hash, &key);
  if (!value || bpf_timer_init(&value->timer, &in_hash, CLOCK_MONOTONIC))
    return 4;
  if (bpf_timer_set_callback(&value->timer, on_hash) || bpf_timer_start(&value->timer, 0, 0))
    return 5;
  return 100;
}

char LICENSE[] SEC("license") = "GPL";
