// SPDX-License-Identifier: MIT OR Apache-2.0
// Call helpers by their names: the header lists those that there are.
// RUN: not %bpfcc -O2 %s -o %t.o 2>&1 | FileCheck %s
// RUN: %bpfcc -O2 -DMENDED %s -o %t.mended.o
// CHECK: error: helper 5000 is not in profile 'kbpf'
#include "../mistakes/Inputs/common.h"

static long (*const some_helper)(void) = (void *)5000;

SEC("kprobe/f")
int f(struct pt_regs *ctx) {
#ifdef MENDED
  return bpf_ktime_get_ns();
#else
  return some_helper();
#endif
}
