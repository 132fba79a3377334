// SPDX-License-Identifier: MIT OR Apache-2.0
// Uses the result of a lookup without asking whether there is one.
#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <bpf/bpf_helpers.h>

char license[] SEC("license") = "GPL";

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 16);
  __type(key, __u32);
  __type(value, __u64);
} counts SEC(".maps");

SEC("kprobe/f")
int count(struct pt_regs *ctx) {
  __u32 key = 1;
  __u64 *count = bpf_map_lookup_elem(&counts, &key);
  *count += 1;
  return 0;
}
