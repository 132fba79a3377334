// SPDX-License-Identifier: MIT OR Apache-2.0
// RUN: not %bpfcc %s --stop-after=resolve 2>&1 | FileCheck %s
#include "../Inputs/defs.h"
struct inner {
  __uint(type, 2);
  __uint(max_entries, 1);
  __type(key, u32);
  __type(value, u64);
};
struct inner variable;
struct {
  __uint(type, 12);
  __uint(max_entries, 3);
  __type(key, u32);
  __array(values, struct inner);
  // CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: map 'outer': initial value of element 1 is 'variable', which is no map of this object
} outer SEC(".maps") = {.values = {[1] = &variable}};
SEC("kprobe/f") int p(void *ctx) { return variable.type != 0; }
