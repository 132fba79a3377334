// SPDX-License-Identifier: MIT OR Apache-2.0
// Copy r10 and move the copy.
// RUN: not %bpfcc -O2 %s -o %t.o 2>&1 | FileCheck %s
// RUN: %bpfcc -O2 -DMENDED %s -o %t.mended.o
// CHECK: error: {{.*}}[V021
#include "../mistakes/Inputs/common.h"

SEC("kprobe/f")
__attribute__((naked)) int f(void) {
#ifdef MENDED
  asm volatile("r2 = r10\n"
               "r2 += -8\n"
               "r0 = 0\n"
               "exit");
#else
  asm volatile("r10 += -8\n"
               "r0 = 0\n"
               "exit");
#endif
}
