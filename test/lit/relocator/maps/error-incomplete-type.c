// SPDX-License-Identifier: MIT OR Apache-2.0
// A type of unknown size.
// RUN: not %bpfcc %s --stop-after=resolve 2>&1 | FileCheck %s --implicit-check-not=error:
#include "../Inputs/defs.h"
struct unknown;
struct {
  __uint(type, 1);
  __uint(max_entries, 1);
  __type(key, u32);
  struct unknown *value;
} m SEC(".maps");
// CHECK: [[#@LINE-1]]:3: error: map 'm': attribute 'value' is no complete type; write __type(value, T)
SEC("kprobe/f") int p(void *ctx) { return 0; }
