// SPDX-License-Identifier: MIT OR Apache-2.0
// For kbpf, vmlinux.h has the reference kernel's types too, those that the program mentions, beside the BPF interface, which
// other headers may bring as well. CO-RE accesses are applied. Neither happens for other profiles.
// RUN: %bpfcc -Werror %s -o %t.o
// RUN: %bpfcc --dump %t.o | FileCheck %s --implicit-check-not=CO-RE
// RUN: %bpfcc -E %s -o - | FileCheck %s --check-prefix=HEADER
// RUN: %bpfcc --abi=linux %S/Inputs/kernel.c -o %t.kernel.o
// RUN: not %bpfcc --abi=linux -fsyntax-only --kernel-btf=%t.kernel.o %s 2>&1 | FileCheck %s --check-prefix=OTHER
// RUN: not %bpfcc --abi=zcore -fsyntax-only %s 2>&1 | FileCheck %s --check-prefix=OTHER
// RUN: %bpfcc -Werror -o %t.stdin.o - < %s
// RUN: %bpfcc --dump %t.stdin.o | FileCheck %s --implicit-check-not=CO-RE
// HEADER: struct task_struct {
// HEADER-NOT: struct trace_event_raw_sched_{{switch}} {
// CHECK: call 35 -> bpf_get_current_task
// CHECK-NEXT: r{{[0-9]}} = 32
// OTHER: kernel-types-by-default.c:[[#@LINE+12]]:{{.*}}task_struct
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <linux/bpf.h>
#include <linux/ptrace.h>

char LICENSE[] SEC("license") = "GPL";

SEC("kprobe/sys_getppid")
int probe(struct pt_regs *context) {
  u64 to = 0;
  struct task_struct *task = (struct task_struct *)bpf_get_current_task();
  bpf_probe_read_kernel(&to, sizeof(to), &task->group_leader);
  return to == context->a0 && BPF_MAP_TYPE_HASH;
}
