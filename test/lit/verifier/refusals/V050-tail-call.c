// SPDX-License-Identifier: MIT OR Apache-2.0
// Tail-call from the program or a function that it calls, not from one that a helper calls.
// RUN: not %bpfcc -O2 %s -o %t.o 2>&1 | FileCheck %s
// RUN: %bpfcc -O2 -DMENDED %s -o %t.mended.o
// CHECK: error: {{.*}}[V050
#include "../mistakes/Inputs/common.h"

struct {
  __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
  __uint(max_entries, 4);
  __type(key, __u32);
  __type(value, __u32);
} programs SEC(".maps");

static long step(__u32 i, void *ctx) {
#ifndef MENDED
  bpf_tail_call(*(void **)ctx, &programs, i);
#endif
  return 0;
}

SEC("kprobe/f")
int f(struct pt_regs *ctx) {
  bpf_loop(4, step, &ctx, 0);
#ifdef MENDED
  bpf_tail_call(ctx, &programs, 0);
#endif
  return 0;
}
