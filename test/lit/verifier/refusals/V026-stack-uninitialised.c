// SPDX-License-Identifier: MIT OR Apache-2.0
// Give the variable a value where it is declared.
// RUN: not %bpfcc -O2 -fbpf-hide-addresses -Wno-bpf-uninitialized-stack %s -o %t.o 2>&1 | FileCheck %s
// RUN: %bpfcc -O2 -fbpf-hide-addresses -Wno-bpf-uninitialized-stack -DMENDED %s -o %t.mended.o
// CHECK: error: {{.*}}[V026
#include "../mistakes/Inputs/common.h"

SEC("socket")
int f(struct __sk_buff *skb) {
#ifdef MENDED
  __u64 value[2] = {1};
#else
  __u64 value[2];
  value[0] = 1;
#endif
  __u32 key = 1;
  bpf_map_update_elem(&counts, &key, &value[1], BPF_ANY);
  return value[0];
}
