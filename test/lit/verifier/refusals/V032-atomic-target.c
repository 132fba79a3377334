// SPDX-License-Identifier: MIT OR Apache-2.0
// Count in a map; the context is not the program's memory.
// RUN: not %bpfcc -O2 %s -o %t.o 2>&1 | FileCheck %s
// RUN: %bpfcc -O2 -DMENDED %s -o %t.mended.o
// CHECK: error: {{.*}}[V032
#include "../mistakes/Inputs/common.h"

SEC("kprobe/f")
__attribute__((naked)) int f(void) {
#ifdef MENDED
  asm volatile("r2 = 1\n"
               "r3 = 0\n"
               "*(u64 *)(r10 - 8) = r3\n"
               "lock *(u64 *)(r10 - 8) += r2\n"
               "r0 = 0\n"
               "exit");
#else
  asm volatile("r2 = 1\n"
               "lock *(u64 *)(r1 + 0) += r2\n"
               "r0 = 0\n"
               "exit");
#endif
}
