// SPDX-License-Identifier: MIT OR Apache-2.0
// The index of a static tail call is a constant of the instruction before it.
// RUN: %bpfcc --abi=linux -S %s -o - | FileCheck %s
// CHECK: r3 = 3
// CHECK-NEXT: call 12
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
struct {
  __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
  __uint(max_entries, 4);
  __type(key, __u32);
  __type(value, __u32);
} table SEC(".maps");
SEC("xdp") int jump(struct xdp_md *ctx) {
  bpf_tail_call_static(ctx, &table, 3);
  return XDP_PASS;
}
