// SPDX-License-Identifier: MIT OR Apache-2.0
// An index that may be negative.
// Check the lower bound too, or use an unsigned type.
// RUN: not %bpfcc -O2 %s -o %t.o 2>&1 | FileCheck %s
// RUN: %bpfcc -O2 -DMENDED %s -o %t.mended.o
// CHECK: error: {{.*}}[V031
#include "Inputs/common.h"

int table[16];
SEC("kprobe/f")
int count(struct pt_regs *ctx) {
#ifdef MENDED
  unsigned long index = PT_REGS_PARM1(ctx);
#else
  long index = PT_REGS_PARM1(ctx);
#endif
  if (index >= 16)
    return 0;
  table[index]++;
  return 0;
}
