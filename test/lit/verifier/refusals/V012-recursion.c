// SPDX-License-Identifier: MIT OR Apache-2.0
// Use a loop, with a stack of your own where one is needed.
// RUN: not %bpfcc -O2 %s -o %t.o 2>&1 | FileCheck %s
// RUN: %bpfcc -O2 -DMENDED %s -o %t.mended.o
// CHECK: error: {{.*}}recursion
#include "../mistakes/Inputs/common.h"

static __attribute__((noinline)) int depth(int n) {
#ifdef MENDED
  int result = 0;
  for (; n > 0 && result < 100; n /= 2)
    result++;
  return result;
#else
  if (n <= 0)
    return 0;
  return 1 + depth(n / 2) + depth(n / 3);
#endif
}

SEC("kprobe/f")
int f(struct pt_regs *ctx) {
  return depth(PT_REGS_PARM1(ctx));
}
