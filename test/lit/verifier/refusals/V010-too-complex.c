// SPDX-License-Identifier: MIT OR Apache-2.0
// Give loops bounds that the verifier can walk, or use bpf_loop, whose function is walked once.
// RUN: not %bpfcc -O2 %s -o %t.o 2>&1 | FileCheck %s
// RUN: %bpfcc -O2 -DMENDED %s -o %t.mended.o
// CHECK: error: {{.*}}[V010
#include "../mistakes/Inputs/common.h"

static long step(__u32 i, void *sum) {
  *(__u64 *)sum += i;
  return 0;
}

SEC("kprobe/f")
int f(struct pt_regs *ctx) {
  __u64 sum = 0;
#ifdef MENDED
  bpf_loop(1 << 20, step, &sum, 0);
#else
  for (__u32 i = 0; i < 1 << 20; i++) {
    sum += i;
    asm volatile("" : "+r"(sum));
  }
#endif
  return sum;
}
