// SPDX-License-Identifier: MIT OR Apache-2.0
// A size that comes from outside.
// Bound it by the buffer's length.
// RUN: not %bpfcc -O2 %s -o %t.o 2>&1 | FileCheck %s
// RUN: %bpfcc -O2 -DMENDED %s -o %t.mended.o
// CHECK: error: {{.*}}[V044
#include "Inputs/common.h"

char buffer[64];
SEC("kprobe/f")
int copy(struct pt_regs *ctx) {
  unsigned long size = PT_REGS_PARM2(ctx);
#ifdef MENDED
  if (size > sizeof(buffer))
    return 0;
#endif
  bpf_probe_read_kernel(buffer, size, (void *)PT_REGS_PARM1(ctx));
  return 0;
}
