// SPDX-License-Identifier: MIT OR Apache-2.0
// Look a map up by its helper.
// RUN: not %bpfcc -O2 %s -o %t.o 2>&1 | FileCheck %s
// RUN: %bpfcc -O2 -DMENDED %s -o %t.mended.o
// CHECK: error: {{.*}}[V024
#include "../mistakes/Inputs/common.h"

SEC("kprobe/f")
int f(struct pt_regs *ctx) {
#ifdef MENDED
  __u32 key = 1;
  __u64 *count = bpf_map_lookup_elem(&counts, &key);
  return count ? *count : 0;
#else
  return *(__u64 *)&counts;
#endif
}
