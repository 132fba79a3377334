// SPDX-License-Identifier: MIT OR Apache-2.0
// Counts, for each process, how often it opens a file. Try:
//   bpfcc-run examples/count_opens.c -- openfiles -n 5 -- mapread opens 4 8
#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char license[] SEC("license") = "GPL";

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 1024);
  __type(key, __u32);
  __type(value, __u64);
} opens SEC(".maps");

SEC("kprobe/refkernel::sys_openat")
int count_open(struct pt_regs *ctx) {
  __u32 pid = bpf_get_current_pid_tgid() >> 32;
  __u64 *count = bpf_map_lookup_elem(&opens, &pid);
  if (count) {
    __sync_fetch_and_add(count, 1);
  } else {
    __u64 first = 1;
    bpf_map_update_elem(&opens, &pid, &first, BPF_NOEXIST);
  }
  return 0;
}
