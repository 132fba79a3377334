// SPDX-License-Identifier: MIT OR Apache-2.0
// Set a register on every path to its use; a call leaves nothing in r1 to r5.
// RUN: not %bpfcc -O2 %s -o %t.o 2>&1 | FileCheck %s
// RUN: %bpfcc -O2 -DMENDED %s -o %t.mended.o
// CHECK: error: {{.*}}[V020
#include "../mistakes/Inputs/common.h"

SEC("kprobe/f")
__attribute__((naked)) int f(void) {
#ifdef MENDED
  asm volatile("r6 = 1\n"
               "call 5\n"
               "r0 = r6\n"
               "exit");
#else
  asm volatile("r1 = 1\n"
               "call 5\n"
               "r0 = r1\n"
               "exit");
#endif
}
