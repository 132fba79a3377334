// SPDX-License-Identifier: MIT OR Apache-2.0
// Counts each thread's calls of getppid in a value of the thread's own.
#include <vmlinux.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

struct {
  __uint(type, BPF_MAP_TYPE_TASK_STORAGE);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, int);
  __type(value, __u64);
} calls SEC(".maps");

int creates = 1; // flags of the next look-up

SEC("fentry/sys_getppid")
int BPF_PROG(on_getppid) {
  __u64 *count = bpf_task_storage_get(&calls, bpf_get_current_task_btf(), 0, creates & 1);
  if (count)
    __sync_fetch_and_add(count, 1);
  return 0;
}

// A process that asks for its own session forgets what was counted.
SEC("fentry/sys_getsid")
int BPF_PROG(on_getsid, int pid) {
  if (pid == 4242)
    bpf_task_storage_delete(&calls, bpf_get_current_task_btf());
  return 0;
}

char LICENSE[] SEC("license") = "GPL";
