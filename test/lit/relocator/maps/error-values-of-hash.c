// SPDX-License-Identifier: MIT OR Apache-2.0
// values on a map that holds none.
// RUN: not %bpfcc %s --stop-after=resolve 2>&1 | FileCheck %s --implicit-check-not=error:
#include "../Inputs/defs.h"
struct {
  __uint(type, 1);
  __uint(max_entries, 1);
  __type(key, u32);
  __array(values, int(void *));
} m SEC(".maps");
// CHECK: [[#@LINE-1]]:3: error: map 'm': attribute 'values' is for maps of maps and of programs
SEC("kprobe/f") int p(void *ctx) { return 0; }
