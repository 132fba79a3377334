// SPDX-License-Identifier: MIT OR Apache-2.0
// Compare with null before adding an offset.
// RUN: not %bpfcc -O2 %s -o %t.o 2>&1 | FileCheck %s
// RUN: %bpfcc -O2 -DMENDED %s -o %t.mended.o
// CHECK: error: {{.*}}[V031
#include "../mistakes/Inputs/common.h"

SEC("kprobe/f")
int f(struct pt_regs *ctx) {
  __u32 key = 1;
  char *value = bpf_map_lookup_elem(&counts, &key);
#ifdef MENDED
  if (!value)
    return 0;
  value += 4;
#else
  value += 4;
  asm volatile("" : "+r"(value));
  if (!value)
    return 0;
#endif
  return *value;
}
