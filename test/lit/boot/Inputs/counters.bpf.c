// SPDX-License-Identifier: MIT OR Apache-2.0
// What the hart counts, samples of it, and what programs ask about tasks: their memory, stacks and numbers.
#include <vmlinux.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

struct {
  __uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
  __uint(max_entries, 8);
  __type(key, int);
  __type(value, int);
} cycles SEC(".maps");

int wanted; // process
unsigned long long address, device, inode;

struct {
  long samples, of_wanted, read, branches, own_branches, in_user, in_kernel, user_stack, kernel_stack;
  unsigned long long counter, enabled, period;
} sampled;

SEC("perf_event")
int on_sample(struct bpf_perf_event_data *ctx) {
  struct bpf_perf_event_value value = {};
  unsigned long long stack[16] = {};
  sampled.samples++;
  if ((bpf_get_current_pid_tgid() >> 32) != wanted)
    return 0;
  sampled.of_wanted++;
  sampled.read = bpf_perf_prog_read_value(ctx, &value, sizeof(value));
  sampled.counter = value.counter;
  sampled.enabled = value.enabled;
  sampled.period = ctx->sample_period;
  sampled.branches = bpf_read_branch_records(ctx, stack, sizeof(stack), 0);
  sampled.own_branches = bpf_get_branch_snapshot(stack, sizeof(stack), 0);
  if ((long)PT_REGS_IP(&ctx->regs) > 0) { // of the process itself
    sampled.in_user++;
    sampled.user_stack = bpf_get_stack(ctx, stack, sizeof(stack), BPF_F_USER_STACK);
  } else {
    sampled.in_kernel++;
    sampled.kernel_stack = bpf_get_stack(ctx, stack, sizeof(stack), 0);
  }
  return 0;
}

struct {
  long read, found, missed, flagged, numbers, other_numbers, own_stack, user_stack, parent_stack, parent_user_stack;
  unsigned long long counter, start, end, flags, same_task;
  int thread, process;
  unsigned long long parent[16];
} seen;

static long note_area(struct task_struct *task, struct vm_area_struct *area, struct task_struct **own) {
  seen.start = area->vm_start;
  seen.end = area->vm_end;
  seen.flags = area->vm_flags;
  seen.same_task = task == *own;
  return 1; // which nobody looks at
}

SEC("fentry/sys_getppid")
int BPF_PROG(on_getppid) {
  struct task_struct *task = bpf_get_current_task_btf();
  struct bpf_perf_event_value value = {};
  struct bpf_pidns_info numbers = {};
  unsigned long long stack[16] = {};
  if (task->tgid != wanted)
    return 0;
  seen.read = bpf_perf_event_read_value(&cycles, BPF_F_CURRENT_CPU, &value, sizeof(value));
  seen.counter = value.counter;
  seen.found = bpf_find_vma(task, address, note_area, &task, 0);
  seen.missed = bpf_find_vma(task, 8, note_area, &task, 0);
  seen.flagged = bpf_find_vma(task, address, note_area, &task, 1);
  seen.other_numbers = bpf_get_ns_current_pid_tgid(device, inode + 1, &numbers, sizeof(numbers));
  seen.numbers = bpf_get_ns_current_pid_tgid(device, inode, &numbers, sizeof(numbers));
  seen.thread = numbers.pid;
  seen.process = numbers.tgid;
  seen.own_stack = bpf_get_task_stack(task, stack, sizeof(stack), 0);
  seen.user_stack = bpf_get_task_stack(task, stack, sizeof(stack), BPF_F_USER_STACK);
  seen.parent_stack = bpf_get_task_stack(task->real_parent, seen.parent, sizeof(seen.parent), 0);
  seen.parent_user_stack = bpf_get_task_stack(task->real_parent, stack, sizeof(stack), BPF_F_USER_STACK);
  return 0;
}

char LICENSE[] SEC("license") = "GPL";
