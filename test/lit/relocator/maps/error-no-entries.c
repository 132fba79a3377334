// SPDX-License-Identifier: MIT OR Apache-2.0
// A table of no entries.
// RUN: not %bpfcc %s --stop-after=resolve 2>&1 | FileCheck %s --implicit-check-not=error:
#include "../Inputs/defs.h"
struct {
  __uint(type, 1);
  __type(key, u32);
  __type(value, u64);
} m SEC(".maps");
// CHECK: [[#@LINE-1]]:3: error: map 'm': max_entries is missing or 0
SEC("kprobe/f") int p(void *ctx) { return 0; }
