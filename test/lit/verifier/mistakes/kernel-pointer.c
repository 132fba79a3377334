// SPDX-License-Identifier: MIT OR Apache-2.0
// A pointer of the kernel that is followed directly.
// Read through it with bpf_probe_read_kernel.
// RUN: not %bpfcc -O2 %s -o %t.o 2>&1 | FileCheck %s
// RUN: %bpfcc -O2 -DMENDED %s -o %t.mended.o
// CHECK: error: {{.*}}[V022
#include "Inputs/common.h"

SEC("kprobe/f")
int read(struct pt_regs *ctx) {
  int *pointer = (int *)PT_REGS_PARM1(ctx);
#ifdef MENDED
  int value = 0;
  bpf_probe_read_kernel(&value, sizeof(value), pointer);
  return value;
#else
  return *pointer;
#endif
}
