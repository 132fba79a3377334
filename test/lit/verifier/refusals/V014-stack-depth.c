// SPDX-License-Identifier: MIT OR Apache-2.0
// Keep large buffers in a per-CPU array of one element. The frames of a chain of calls have 512 bytes together.
// RUN: not %bpfcc -O2 %s -o %t.o 2>&1 | FileCheck %s
// RUN: %bpfcc -O2 -DMENDED %s -o %t.mended.o
// CHECK: error: {{.*}}[V014
#include "../mistakes/Inputs/common.h"

#ifdef MENDED
#define BYTES 128
#else
#define BYTES 384
#endif
static __attribute__((noinline)) int inner(int n) {
  volatile char buffer[BYTES] = {};
  buffer[n & 63] = n;
  return buffer[0];
}

SEC("kprobe/f")
int f(struct pt_regs *ctx) {
  volatile char buffer[BYTES] = {};
  buffer[PT_REGS_PARM1(ctx) & 63] = 1;
  return inner(buffer[0]);
}
