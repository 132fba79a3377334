// SPDX-License-Identifier: MIT OR Apache-2.0
// A function for bpf_loop that returns something else than 0 or 1.
// 0 goes on, 1 stops.
// RUN: not %bpfcc -O2 %s -o %t.o 2>&1 | FileCheck %s
// RUN: %bpfcc -O2 -DMENDED %s -o %t.mended.o
// CHECK: error: {{.*}}[V052
#include "Inputs/common.h"

static long add(__u32 index, __u64 *sum) {
  *sum += index;
#ifdef MENDED
  return 0;
#else
  return *sum;
#endif
}
SEC("kprobe/f")
int count(struct pt_regs *ctx) {
  __u64 sum = 0;
  bpf_loop(10, add, &sum, 0);
  return sum;
}
