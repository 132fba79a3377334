// SPDX-License-Identifier: MIT OR Apache-2.0
// A definition of 32 members, and of one more.
// RUN: not %bpfcc %s -DMORE= --stop-after=resolve 2>&1 | FileCheck %s --check-prefix=LIMIT
// RUN: not %bpfcc %s "-DMORE=int last;" --stop-after=resolve 2>&1 | FileCheck %s --check-prefix=BEYOND
#include "../Inputs/defs.h"
#define FOUR(x) int x##a, x##b, x##c, x##d;
struct {
  FOUR(a) FOUR(b) FOUR(c) FOUR(d) FOUR(e) FOUR(f) FOUR(g) FOUR(h)
  MORE
} m SEC(".maps");
// LIMIT: error: map 'm': unknown attribute 'aa'
// BEYOND: error: map 'm': a definition of 33 members; the limit is 32
SEC("kprobe/f") int p(void *ctx) { return 0; }
