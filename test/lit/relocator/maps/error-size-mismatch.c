// SPDX-License-Identifier: MIT OR Apache-2.0
// A size that differs from the type.
// RUN: not %bpfcc %s --stop-after=resolve 2>&1 | FileCheck %s --implicit-check-not=error:
#include "../Inputs/defs.h"
struct {
  __uint(type, 1);
  __uint(max_entries, 1);
  __type(key, u32);
  __uint(key_size, 8);
  __type(value, u64);
} m SEC(".maps");
// CHECK: [[#@LINE-1]]:3: error: map 'm': attribute 'key_size' is 8, but its type has 4 bytes
SEC("kprobe/f") int p(void *ctx) { return 0; }
