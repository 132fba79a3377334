// SPDX-License-Identifier: MIT OR Apache-2.0
// A type that the kernel lacks is named, if Linux has it.
// RUN: not %bpfcc %s --stop-after=resolve 2>&1 | FileCheck %s --implicit-check-not=error:
#include "../Inputs/defs.h"
struct {
  __uint(type, 14);
  __uint(max_entries, 1);
  __type(key, u32);
  __type(value, u64);
} m SEC(".maps");
// CHECK: [[#@LINE-1]]:3: error: map 'm': map type 14 (devmap) is not in profile 'kbpf'
SEC("kprobe/f") int p(void *ctx) { return 0; }
