// SPDX-License-Identifier: MIT OR Apache-2.0
// The key of an array is its index.
// RUN: not %bpfcc %s --stop-after=resolve 2>&1 | FileCheck %s --implicit-check-not=error:
#include "../Inputs/defs.h"
struct {
  __uint(type, 2);
  __uint(max_entries, 1);
  __type(key, u64);
  __type(value, u64);
} m SEC(".maps");
// CHECK: [[#@LINE-1]]:3: error: map 'm': the key of an array has 4 bytes, not 8
SEC("kprobe/f") int p(void *ctx) { return 0; }
