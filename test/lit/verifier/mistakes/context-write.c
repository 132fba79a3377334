// SPDX-License-Identifier: MIT OR Apache-2.0
// A write to the context.
// Registers of a probed function may only be read.
// RUN: not %bpfcc -O2 %s -o %t.o 2>&1 | FileCheck %s
// RUN: %bpfcc -O2 -DMENDED %s -o %t.mended.o
// CHECK: error: {{.*}}[V030
#include "Inputs/common.h"

SEC("kprobe/f")
int change(struct pt_regs *ctx) {
#ifdef MENDED
  return PT_REGS_PARM1(ctx);
#else
  ctx->a0 = 0;
  return 0;
#endif
}
