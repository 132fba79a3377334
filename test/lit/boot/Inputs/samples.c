// SPDX-License-Identifier: MIT OR Apache-2.0
// A program that writes a sample to its CPU's perf event at each call of the probed function.
#include <bpf/bpf_helpers.h>
#include <linux/bpf.h>
#include <linux/ptrace.h>

char license[] SEC("license") = "GPL";

struct {
  __uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
  __uint(max_entries, 8);
  __uint(key_size, sizeof(__u32));
  __uint(value_size, sizeof(__u32));
} events SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u64);
} refused SEC(".maps");

SEC("kprobe") int on_call(struct pt_regs *ctx) {
  struct {
    __u64 thread;
    __u32 cpu, pad;
  } sample = {bpf_get_current_pid_tgid(), bpf_get_smp_processor_id(), 0};
  __u32 zero = 0;
  if (bpf_perf_event_output(ctx, &events, BPF_F_CURRENT_CPU, &sample, sizeof(sample))) {
    __u64 *count = bpf_map_lookup_elem(&refused, &zero);
    if (count)
      __sync_fetch_and_add(count, 1);
  }
  return 0;
}
