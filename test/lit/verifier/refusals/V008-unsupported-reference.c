// SPDX-License-Identifier: MIT OR Apache-2.0
// Declare kernel functions with __ksym: the loader numbers them.
// RUN: not %bpfcc -O2 %s -o %t.o 2>&1 | FileCheck %s
// RUN: %bpfcc -O2 -DMENDED %s -o %t.mended.o
// CHECK: error: a call with pseudo source 2 and no relocation
#include "../mistakes/Inputs/common.h"

SEC("kprobe/f")
__attribute__((naked)) int f(void) {
#ifdef MENDED
  asm volatile("r0 = 0\n"
               "exit");
#else
  asm volatile("# kernel function 77777\n"
               ".quad 0x00012fd100002085\n"
               "r0 = 0\n"
               "exit");
#endif
}
