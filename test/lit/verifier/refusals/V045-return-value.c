// SPDX-License-Identifier: MIT OR Apache-2.0
// Return numbers; what a function leaves in its stack frame is gone behind it.
// RUN: not %bpfcc -O2 %s -o %t.o 2>&1 | FileCheck %s
// RUN: %bpfcc -O2 -DMENDED %s -o %t.mended.o
// CHECK: error: {{.*}}[V045
#include "../mistakes/Inputs/common.h"

__attribute__((naked, noinline, used)) static int second(void) {
#ifdef MENDED
  asm volatile("r0 = 0\n"
#else
  asm volatile("r0 = r10\n"
#endif
               "exit");
}

SEC("kprobe/f")
int f(void *ctx) {
  return second();
}
