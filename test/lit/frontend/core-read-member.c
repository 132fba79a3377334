// SPDX-License-Identifier: MIT OR Apache-2.0
// A member misspelt in BPF_CORE_READ, which names it several times, is one error, with the name that was meant
// and without the insides of our macros.
// RUN: not %bpfcc %s -o %t.o 2>&1 | FileCheck %s --implicit-check-not=error:
#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
SEC("kprobe/x") int p(void *ctx) {
  struct task_struct *task = (void *)bpf_get_current_task();
  // CHECK: [[#@LINE+3]]:{{[0-9]+}}: error: no member named 'tgidd' in 'struct task_struct'; did you mean 'tgid'?
  // CHECK: (skipping {{[0-9]+}} expansions in backtrace
  // CHECK: note: 'tgid' declared here
  return BPF_CORE_READ(task, tgidd);
}
// CHECK: 1 error generated.
