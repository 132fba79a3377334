// SPDX-License-Identifier: MIT OR Apache-2.0
// Maps that are filled before the first program runs: a program reached by a tail call, an inner map, and a
// configuration value. Each open counts in hits[0] when all three are as they should be.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
struct counters {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u64);
} hits SEC(".maps");
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
  __uint(max_entries, 3);
  __type(key, __u32);
  __array(values, struct counters);
} outer SEC(".maps") = {.values = {[2] = &hits}};
extern int LINUX_KERNEL_VERSION __kconfig;

SEC("?kprobe") int unused(void *ctx) { return 0; }
SEC("kprobe") int count(void *ctx) {
  __u32 two = 2, zero = 0;
  void *inner = bpf_map_lookup_elem(&outer, &two);
  __u64 *hit = inner && LINUX_KERNEL_VERSION >= KERNEL_VERSION(6, 6, 0) ? bpf_map_lookup_elem(inner, &zero) : 0;
  if (hit)
    *hit += 1;
  return 0;
}
struct {
  __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
  __uint(max_entries, 4);
  __uint(key_size, 4);
  __array(values, int(void *));
} table SEC(".maps") = {.values = {[3] = (void *)&count}};
SEC("kprobe/refkernel::sys_openat") int entry(void *ctx) {
  bpf_tail_call(ctx, &table, 3);
  return 0;
}
char LICENSE[] SEC("license") = "GPL";
