// SPDX-License-Identifier: MIT OR Apache-2.0
// An index that nobody has checked.
// Compare it with the array's length, or mask it.
// RUN: not %bpfcc -O2 %s -o %t.o 2>&1 | FileCheck %s
// RUN: %bpfcc -O2 -DMENDED %s -o %t.mended.o
// CHECK: error: {{.*}}[V028
#include "Inputs/common.h"

int table[16];
SEC("kprobe/f")
int count(struct pt_regs *ctx) {
  unsigned index = PT_REGS_PARM1(ctx);
#ifdef MENDED
  index &= 15;
#endif
  table[index]++;
  return 0;
}
