// SPDX-License-Identifier: MIT OR Apache-2.0
// Objects of the kernel are read; helpers change them.
// RUN: not %bpfcc -O2 %s -o %t.o 2>&1 | FileCheck %s
// RUN: %bpfcc -O2 -DMENDED %s -o %t.mended.o
// CHECK: error: {{.*}}[V057
#include "vmlinux.h"

#include <bpf/bpf_helpers.h>

SEC("kprobe/f")
int f(struct pt_regs *ctx) {
  struct task_struct *task = bpf_get_current_task_btf();
#ifndef MENDED
  task->pid = 0;
#endif
  return task->pid;
}

char license[] SEC("license") = "GPL";
