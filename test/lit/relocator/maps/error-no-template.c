// SPDX-License-Identifier: MIT OR Apache-2.0
// A map of maps without a template.
// RUN: not %bpfcc %s --abi=linux --stop-after=resolve 2>&1 | FileCheck %s --implicit-check-not=error:
#include "../Inputs/defs.h"
struct {
  __uint(type, 13);
  __uint(max_entries, 1);
  __type(key, u32);
  __uint(value_size, 4);
} m SEC(".maps");
// CHECK: [[#@LINE-1]]:3: error: map 'm': a map of maps needs a template: __array(values, struct { ... })
SEC("kprobe/f") int p(void *ctx) { return 0; }
