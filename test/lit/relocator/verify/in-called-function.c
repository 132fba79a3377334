// SPDX-License-Identifier: MIT OR Apache-2.0
// A refusal in a called function is at the line of that function.
// RUN: not %bpfcc %s -o %t.o 2>&1 | FileCheck %s --implicit-check-not=error:
#include "../Inputs/defs.h"
HASH(counts);
static __noinline int callee(u32 *key) {
  u64 *value = lookup_elem(&counts, key);
  // CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: {{.+}} [V023 possibly-null]
  return *value;
}
SEC("kprobe/f") int p(void *ctx) {
  u32 key = 0;
  return callee(&key);
}
