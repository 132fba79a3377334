// SPDX-License-Identifier: MIT OR Apache-2.0
// Let each round change what the loop's condition is about.
// RUN: not %bpfcc -O2 %s -o %t.o 2>&1 | FileCheck %s
// RUN: %bpfcc -O2 -DMENDED %s -o %t.mended.o
// CHECK: error: {{.*}}[V011
#include "../mistakes/Inputs/common.h"

SEC("kprobe/f")
int f(struct pt_regs *ctx) {
  volatile long rounds = 0;
#ifdef MENDED
  while (rounds < 10)
    rounds++;
#else
  while (rounds < 10)
    bpf_ktime_get_ns();
#endif
  return 0;
}
