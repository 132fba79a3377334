// SPDX-License-Identifier: MIT OR Apache-2.0
// Let fewer functions wait for each other: inline some of them. Eight may be there at a time.
// RUN: not %bpfcc -O2 %s -o %t.o 2>&1 | FileCheck %s
// RUN: %bpfcc -O2 -DMENDED %s -o %t.mended.o
// CHECK: error: {{.*}}[V013
#include "../mistakes/Inputs/common.h"

#define FUNCTION(name, value)                                                                                \
  static __attribute__((noinline)) int name(int x) {                                                         \
    asm volatile("" : "+r"(x));                                                                              \
    return value;                                                                                            \
  }
FUNCTION(f8, x)
FUNCTION(f7, f8(x) + 7)
FUNCTION(f6, f7(x) + 6)
FUNCTION(f5, f6(x) + 5)
FUNCTION(f4, f5(x) + 4)
FUNCTION(f3, f4(x) + 3)
FUNCTION(f2, f3(x) + 2)
FUNCTION(f1, f2(x) + 1)

SEC("kprobe/f")
int f(struct pt_regs *ctx) {
#ifdef MENDED
  return f3(1);
#else
  return f1(1);
#endif
}
