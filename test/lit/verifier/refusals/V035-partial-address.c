// SPDX-License-Identifier: MIT OR Apache-2.0
// Keep addresses whole.
// RUN: not %bpfcc -O2 %s -o %t.o 2>&1 | FileCheck %s
// RUN: %bpfcc -O2 -DMENDED %s -o %t.mended.o
// CHECK: error: {{.*}}[V035
#include "../mistakes/Inputs/common.h"

SEC("kprobe/f")
__attribute__((naked)) int f(void) {
#ifdef MENDED
  asm volatile("*(u64 *)(r10 - 8) = r1\n"
               "r0 = 0\n"
               "exit");
#else
  asm volatile("*(u32 *)(r10 - 8) = r1\n"
               "r0 = 0\n"
               "exit");
#endif
}
