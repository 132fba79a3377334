// SPDX-License-Identifier: MIT OR Apache-2.0
// Take the lock by bpf_spin_lock.
// RUN: not %bpfcc -O2 %s -o %t.o 2>&1 | FileCheck %s
// RUN: %bpfcc -O2 -DMENDED %s -o %t.mended.o
// CHECK: error: {{.*}}[V054
#include "../mistakes/Inputs/common.h"

struct guarded {
  struct bpf_spin_lock lock;
  __u32 count;
};
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct guarded);
} values SEC(".maps");

SEC("tc")
int f(struct __sk_buff *skb) {
  __u32 key = 0;
  struct guarded *value = bpf_map_lookup_elem(&values, &key);
  if (!value)
    return 0;
#ifdef MENDED
  bpf_spin_lock(&value->lock);
  value->count++;
  bpf_spin_unlock(&value->lock);
#else
  *(volatile __u32 *)&value->lock = 1;
#endif
  return 0;
}
