// SPDX-License-Identifier: MIT OR Apache-2.0
// Put what repeats into a loop; a program may have 1,000,000 instructions.
// RUN: not %bpfcc -O2 %s -o %t.o 2>&1 | FileCheck %s
// RUN: %bpfcc -O2 -DMENDED %s -o %t.mended.o
// CHECK: error: program 'f' has 1000002 instructions with the functions that it calls; the limit is 1000000
#include "../mistakes/Inputs/common.h"

SEC("kprobe/f")
__attribute__((naked)) int f(void) {
#ifdef MENDED
  asm volatile(".rept 1000\n"
               "r0 = 0\n"
               ".endr\n"
               "exit");
#else
  asm volatile(".rept 1000001\n"
               "r0 = 0\n"
               ".endr\n"
               "exit");
#endif
}
