// SPDX-License-Identifier: MIT OR Apache-2.0
// Name maps in C: the compiler numbers them.
// RUN: not %bpfcc -O2 %s -o %t.o 2>&1 | FileCheck %s
// RUN: %bpfcc -O2 -DMENDED %s -o %t.mended.o
// CHECK: error: a 64-bit load with pseudo source 5 and no relocation
#include "../mistakes/Inputs/common.h"

SEC("kprobe/f")
__attribute__((naked)) int f(void) {
#ifdef MENDED
  asm volatile("r0 = 0\n"
               "exit");
#else
  asm volatile("# map 7\n"
               ".quad 0x0000000700005118\n"
               ".quad 0\n"
               "r0 = 0\n"
               "exit");
#endif
}
