// SPDX-License-Identifier: MIT OR Apache-2.0
// Initial values of a map of programs.
// RUN: %bpfcc %s --stop-after=resolve --print-after=resolve | FileCheck %s
#include "../Inputs/defs.h"
SEC("kprobe/f") int p(void *ctx) { return 0; }
SEC("kprobe/f") int q(void *ctx) { return 1; }
struct {
  __uint(type, 3);
  __uint(max_entries, 4);
  __uint(key_size, 4);
  __array(values, int(void *));
} table SEC(".maps") = {.values = {[3] = (void *)&p, [1] = (void *)&q}};
// CHECK: slot table[1] -> program q
// CHECK-NEXT: slot table[3] -> program p
// CHECK-NOT: slot
