// SPDX-License-Identifier: MIT OR Apache-2.0
// The same input gives the same bytes.
// RUN: %bpfcc %s -o %t.1.o
// RUN: %bpfcc %s -o %t.2.o
// RUN: cmp %t.1.o %t.2.o
#include "../Inputs/defs.h"
HASH(a);
HASH(b);
int x = 1, y;
static __noinline int callee(int *a) { return *a; }
SEC("kprobe/f") int p(void *ctx) {
  u32 key = x++ + y++;
  return lookup_elem(&a, &key) != lookup_elem(&b, &key) || callee((int *)&key);
}
SEC("kprobe/g") int q(int *ctx) { return callee(ctx); }
