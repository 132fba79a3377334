// SPDX-License-Identifier: MIT OR Apache-2.0
// A map value of the wrong size.
// Hand over as many bytes as the map's value has.
// RUN: not %bpfcc -O2 %s -o %t.o 2>&1 | FileCheck %s
// RUN: %bpfcc -O2 -DMENDED %s -o %t.mended.o
// CHECK: error: {{.*}}[V025
#include "Inputs/common.h"

SEC("kprobe/f")
int store(struct pt_regs *ctx) {
#ifdef MENDED
  __u64 value = 1;
#else
  __u32 value = 1;
#endif
  __u32 key = 1;
  bpf_map_update_elem(&counts, &key, &value, BPF_ANY);
  return 0;
}
