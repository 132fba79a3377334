// SPDX-License-Identifier: MIT OR Apache-2.0
// Keep addresses in registers and on the stack where the loader has no CAP_PERFMON.
// RUN: not %bpfcc -O2 -fbpf-hide-addresses %s -o %t.o 2>&1 | FileCheck %s
// RUN: %bpfcc -O2 -fbpf-hide-addresses -DMENDED %s -o %t.mended.o
// CHECK: error: {{.*}}[V037
#include "../mistakes/Inputs/common.h"

SEC("socket")
int f(struct __sk_buff *skb) {
  __u32 key = 1;
  __u64 *value = bpf_map_lookup_elem(&counts, &key);
  if (value)
#ifdef MENDED
    *value = skb->len;
#else
    *value = (__u64)skb;
#endif
  return 0;
}
