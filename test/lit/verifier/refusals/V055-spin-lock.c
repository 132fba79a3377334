// SPDX-License-Identifier: MIT OR Apache-2.0
// Give the lock back on every path, before other helpers are called and before the end.
// RUN: not %bpfcc -O2 %s -o %t.o 2>&1 | FileCheck %s
// RUN: %bpfcc -O2 -DMENDED %s -o %t.mended.o
// CHECK: error: the program ends while a lock is held, taken in line [[#LOCKED:]] [V055
// CHECK: [[#LOCKED]]:{{[0-9]+}}: note: taken here
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
  bpf_spin_lock(&value->lock);
#ifndef MENDED
  if (value->count > 100)
    return 0;
#endif
  value->count++;
  bpf_spin_unlock(&value->lock);
  return 0;
}
