// SPDX-License-Identifier: MIT OR Apache-2.0
// A program has at least an exit, with r0 set before it.
// RUN: not %bpfcc -O2 %s -o %t.o 2>&1 | FileCheck %s
// RUN: %bpfcc -O2 -DMENDED %s -o %t.mended.o
// CHECK: error: program 'f' has no instruction
#include "../mistakes/Inputs/common.h"

SEC("kprobe/f")
__attribute__((naked)) int f(void) {
#ifdef MENDED
  asm volatile("r0 = 0\n"
               "exit");
#else
  asm volatile("# nothing");
#endif
}
