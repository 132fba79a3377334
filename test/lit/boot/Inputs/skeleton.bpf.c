// SPDX-License-Identifier: MIT OR Apache-2.0
// Reports calls of a kernel function and of a system call through a ring buffer, and counts them in its own
// variables.
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <linux/bpf.h>
#include <linux/ptrace.h>

struct report {
  __u32 source; // 1: the kprobe, 2: the tracepoint, 3: the raw tracepoint
  __u32 pid;
};

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 4096);
} reports SEC(".maps");

const volatile __u32 wanted_pid;
__u64 calls[4];

static int report(__u32 source) {
  __u32 pid = bpf_get_current_pid_tgid() >> 32;
  if (pid != wanted_pid)
    return 0;
  calls[source & 3]++;
  struct report record = {source, pid};
  bpf_ringbuf_output(&reports, &record, sizeof(record), 0);
  return 0;
}

SEC("kprobe/_ZN9refkernel11sys_getppidEv")
int on_function(void *context) { return report(1); }

SEC("tracepoint/syscalls/sys_enter_getuid")
int on_call(void *context) { return report(2); }

SEC("raw_tracepoint/sched_process_fork")
int on_fork(void *context) { return report(3); }

char license[] SEC("license") = "GPL";
