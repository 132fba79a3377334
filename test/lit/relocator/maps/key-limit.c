// SPDX-License-Identifier: MIT OR Apache-2.0
// The largest key of a hash table, and one byte more.
// RUN: %bpfcc %s -DSIZE=512 --stop-after=resolve
// RUN: not %bpfcc %s -DSIZE=513 --stop-after=resolve 2>&1 | FileCheck %s --implicit-check-not=error:
#include "../Inputs/defs.h"
struct {
  __uint(type, 1);
  __uint(max_entries, 1);
  __uint(key_size, SIZE);
  __type(value, u64);
} m SEC(".maps");
// CHECK: error: map 'm': a key of 513 bytes; the limit is 512
SEC("kprobe/f") int p(void *ctx) { return 0; }
