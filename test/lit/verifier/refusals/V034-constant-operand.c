// SPDX-License-Identifier: MIT OR Apache-2.0
// Shift by less than the width, divide by something.
// RUN: not %bpfcc -O2 %s -o %t.o 2>&1 | FileCheck %s
// RUN: %bpfcc -O2 -DMENDED %s -o %t.mended.o
// CHECK: error: {{.*}}[V034
#include "../mistakes/Inputs/common.h"

SEC("kprobe/f")
__attribute__((naked)) int f(void) {
#ifdef MENDED
  asm volatile("r0 = 1\n"
               "r0 <<= 63\n"
               "exit");
#else
  asm volatile("r0 = 1\n"
               "r0 <<= 64\n"
               "exit");
#endif
}
