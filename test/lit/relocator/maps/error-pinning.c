// SPDX-License-Identifier: MIT OR Apache-2.0
// pinning knows two values.
// RUN: not %bpfcc %s --stop-after=resolve 2>&1 | FileCheck %s --implicit-check-not=error:
#include "../Inputs/defs.h"
struct {
  __uint(type, 1);
  __uint(max_entries, 1);
  __uint(pinning, 2);
  __type(key, u32);
  __type(value, u64);
} m SEC(".maps");
// CHECK: [[#@LINE-1]]:3: error: map 'm': attribute 'pinning' is 2; known are 0 (none) and 1 (LIBBPF_PIN_BY_NAME)
SEC("kprobe/f") int p(void *ctx) { return 0; }
