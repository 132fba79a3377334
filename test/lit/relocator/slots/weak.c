// SPDX-License-Identifier: MIT OR Apache-2.0
// A weak program that nothing defines leaves its slot empty.
// RUN: %bpfcc %s --stop-after=resolve --print-after=resolve | FileCheck %s --implicit-check-not=slot
#include "../Inputs/defs.h"
SEC("kprobe/f") int p(void *ctx) { return 0; }
__weak int absent(void *ctx);
struct {
  __uint(type, 3);
  __uint(max_entries, 4);
  __uint(key_size, 4);
  __array(values, int(void *));
} table SEC(".maps") = {.values = {[0] = (void *)&p, [1] = (void *)&absent}};
// CHECK: slot table[0] -> program p
