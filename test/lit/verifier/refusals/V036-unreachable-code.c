// SPDX-License-Identifier: MIT OR Apache-2.0
// Leave out what no path leads to.
// RUN: not %bpfcc -O2 %s -o %t.o 2>&1 | FileCheck %s
// RUN: %bpfcc -O2 -DMENDED %s -o %t.mended.o
// CHECK: error: {{.*}}[V036
#include "../mistakes/Inputs/common.h"

SEC("kprobe/f")
__attribute__((naked)) int f(void) {
#ifdef MENDED
  asm volatile("r0 = 0\n"
               "exit");
#else
  asm volatile("r0 = 0\n"
               "exit\n"
               "r0 = 1\n"
               "exit");
#endif
}
