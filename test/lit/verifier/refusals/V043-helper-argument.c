// SPDX-License-Identifier: MIT OR Apache-2.0
// Give the helper what its prototype says: here the address of a key.
// RUN: not %bpfcc -O2 %s -o %t.o 2>&1 | FileCheck %s
// RUN: %bpfcc -O2 -DMENDED %s -o %t.mended.o
// CHECK: error: {{.*}}[V043
#include "../mistakes/Inputs/common.h"

SEC("kprobe/f")
int f(struct pt_regs *ctx) {
  __u32 key = 1;
#ifdef MENDED
  bpf_map_delete_elem(&counts, &key);
#else
  bpf_map_delete_elem(&counts, (void *)ctx);
#endif
  return 0;
}
