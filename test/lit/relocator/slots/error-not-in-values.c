// SPDX-License-Identifier: MIT OR Apache-2.0
// An initial value of an attribute is none of an element.
// RUN: not %bpfcc %s --stop-after=resolve 2>&1 | FileCheck %s
#include "../Inputs/defs.h"
int five[16];
struct {
  __uint(type, 1);
  __uint(max_entries, 16);
  __type(key, u32);
  __type(value, u64);
  // CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: map 'table': initial value at byte 8, which is no element of 'values'
} table SEC(".maps") = {.max_entries = &five};
SEC("kprobe/f") int p(void *ctx) { return five[1]; }
