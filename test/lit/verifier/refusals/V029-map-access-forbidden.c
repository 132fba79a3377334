// SPDX-License-Identifier: MIT OR Apache-2.0
// Write to maps that programs may write to: BPF_F_RDONLY_PROG is for user space to write.
// RUN: not %bpfcc -O2 %s -o %t.o 2>&1 | FileCheck %s
// RUN: %bpfcc -O2 -DMENDED %s -o %t.mended.o
// CHECK: error: {{.*}}[V029
#include "../mistakes/Inputs/common.h"

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u64);
  __uint(map_flags, BPF_F_RDONLY_PROG);
} settings SEC(".maps");

SEC("kprobe/f")
int f(struct pt_regs *ctx) {
  __u32 key = 0;
  __u64 *setting = bpf_map_lookup_elem(&settings, &key);
  if (!setting)
    return 0;
#ifndef MENDED
  *setting = 1;
#endif
  return *setting;
}
