// SPDX-License-Identifier: MIT OR Apache-2.0
// Variables of every kind that a skeleton has to give a type.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct pair {
  int first;
  long second;
  struct pair *next;
};
const volatile int step = 1;
SEC(".data.own") volatile char class[4] = "abc";
long total;
struct pair pairs[2][3];
struct __attribute__((packed)) {
  _Bool flag;
  int value;
} tight;
struct {
  unsigned low : 3, high : 5;
} bits;
enum { kOff, kOn } mode;
double (*unused)(void);

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 8);
  __type(key, int);
  __type(value, long);
} hits SEC(".maps");

SEC("kprobe/do_sys_open") int count(void *ctx) {
  int key = class[0];
  total += step + tight.value + bits.high + mode;
  pairs[1][2].second = total;
  bpf_map_update_elem(&hits, &key, &pairs[0][0].second, BPF_ANY);
  return 0;
}
SEC("kprobe") int no_target(void *ctx) { return unused != 0; }

char LICENSE[] SEC("license") = "GPL";
