// SPDX-License-Identifier: MIT OR Apache-2.0
// A ring buffer's size: whole pages, a power of two.
// RUN: not %bpfcc %s --stop-after=resolve 2>&1 | FileCheck %s --implicit-check-not=error:
#include "../Inputs/defs.h"
struct {
  __uint(type, 27);
  __uint(max_entries, 1000);
} small SEC(".maps");
// CHECK: [[#@LINE-1]]:3: error: map 'small': max_entries of a ring buffer is its size in bytes, a power of two of at least 4096, not 1000
struct {
  __uint(type, 27);
  __uint(max_entries, 12288);
} odd SEC(".maps");
// CHECK: [[#@LINE-1]]:3: error: map 'odd': {{.*}}, not 12288
struct {
  __uint(type, 27);
  __uint(max_entries, 4096);
} page SEC(".maps");
SEC("kprobe/f") int p(void *ctx) { return 0; }
