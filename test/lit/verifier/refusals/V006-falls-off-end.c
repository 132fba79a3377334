// SPDX-License-Identifier: MIT OR Apache-2.0
// End each function with exit.
// RUN: not %bpfcc -O2 %s -o %t.o 2>&1 | FileCheck %s
// RUN: %bpfcc -O2 -DMENDED %s -o %t.mended.o
// CHECK: error: {{.*}}[V006
// CHECK-NOT: acquired
#include "../mistakes/Inputs/common.h"

SEC("kprobe/f")
__attribute__((naked)) int f(void) {
#ifdef MENDED
  asm volatile("r0 = 0\n"
               "exit");
#else
  asm volatile("r0 = 0");
#endif
}
