// SPDX-License-Identifier: MIT OR Apache-2.0
// Jump within a function, call others.
// RUN: not %bpfcc -O2 %s -o %t.o 2>&1 | FileCheck %s
// RUN: %bpfcc -O2 -DMENDED %s -o %t.mended.o
// CHECK: error: malformed object: a jump out of function 'f'
#include "../mistakes/Inputs/common.h"

__attribute__((naked, noinline, used)) static int second(void) {
  asm volatile("r0 = 0\n"
               "exit");
}

SEC("kprobe/f")
__attribute__((naked)) int f(void) {
#ifdef MENDED
  asm volatile("call %[second]\n"
               "exit"
               :
               : [second] "i"(second));
#else
  asm volatile("call %[second]\n"
               "if r0 == 0 goto +1\n"
               "exit"
               :
               : [second] "i"(second));
#endif
}
