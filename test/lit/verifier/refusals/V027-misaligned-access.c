// SPDX-License-Identifier: MIT OR Apache-2.0
// Place what is accessed atomically, or on the stack, at a multiple of its size.
// RUN: not %bpfcc -O2 %s -o %t.o 2>&1 | FileCheck %s
// RUN: %bpfcc -O2 -DMENDED %s -o %t.mended.o
// CHECK: error: {{.*}}[V027
#include "../mistakes/Inputs/common.h"

SEC("kprobe/f")
__attribute__((naked)) int f(void) {
#ifdef MENDED
  asm volatile("r1 = 0\n"
               "*(u64 *)(r10 - 16) = r1\n"
               "r0 = 0\n"
               "exit");
#else
  asm volatile("r1 = 0\n"
               "*(u64 *)(r10 - 12) = r1\n"
               "r0 = 0\n"
               "exit");
#endif
}
