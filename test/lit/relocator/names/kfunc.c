// SPDX-License-Identifier: MIT OR Apache-2.0
// A kernel function where the kernel offers none.
// RUN: not %bpfcc %s --stop-after=resolve 2>&1 | FileCheck %s --implicit-check-not=error:
#include "../Inputs/defs.h"
extern void bpf_task_release(void *task) __attribute__((section(".ksyms")));
SEC("kprobe/f") int p(void *ctx) {
  // CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: kernel function 'bpf_task_release' is not in profile 'kbpf'
  bpf_task_release(ctx);
  return 0;
}
