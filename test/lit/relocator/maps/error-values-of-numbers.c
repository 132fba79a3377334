// SPDX-License-Identifier: MIT OR Apache-2.0
// values that are neither maps nor programs.
// RUN: not %bpfcc %s --abi=linux --stop-after=resolve 2>&1 | FileCheck %s --implicit-check-not=error:
#include "../Inputs/defs.h"
struct {
  __uint(type, 12);
  __uint(max_entries, 1);
  __type(key, u32);
  __array(values, int);
} m SEC(".maps");
// CHECK: [[#@LINE-1]]:3: error: map 'm': attribute 'values' holds neither maps nor programs; write __array(values, struct { ... })
SEC("kprobe/f") int p(void *ctx) { return 0; }
