// SPDX-License-Identifier: MIT OR Apache-2.0
// A loop without an end.
// Give it a bound that is known when the program is compiled.
// RUN: not %bpfcc -O2 %s -o %t.o 2>&1 | FileCheck %s
// RUN: %bpfcc -O2 -DMENDED %s -o %t.mended.o
// CHECK: error: {{.*}}[V01
#include "Inputs/common.h"

SEC("kprobe/f")
int count(struct pt_regs *ctx) {
  unsigned long n = PT_REGS_PARM1(ctx);
  volatile int sum = 0;
#ifdef MENDED
  if (n > 100)
    n = 100;
#endif
  for (unsigned long i = 0; i < n; i++)
    sum += 1;
  return sum;
}
