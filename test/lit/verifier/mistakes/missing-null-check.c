// SPDX-License-Identifier: MIT OR Apache-2.0
// A lookup that may find nothing.
// Compare the pointer with null before it is used.
// RUN: not %bpfcc -O2 %s -o %t.o 2>&1 | FileCheck %s
// RUN: %bpfcc -O2 -DMENDED %s -o %t.mended.o
// CHECK: error: {{.*}}[V023
#include "Inputs/common.h"

SEC("kprobe/f")
int count(struct pt_regs *ctx) {
  __u32 key = 1;
  __u64 *value = bpf_map_lookup_elem(&counts, &key);
#ifdef MENDED
  if (!value)
    return 0;
#endif
  *value += 1;
  return 0;
}
