// SPDX-License-Identifier: MIT OR Apache-2.0
// The last element, and the one behind it.
// RUN: %bpfcc %s -DKEY=3 --stop-after=resolve --print-after=resolve | FileCheck %s --check-prefix=OK
// RUN: not %bpfcc %s -DKEY=4 --stop-after=resolve 2>&1 | FileCheck %s
#include "../Inputs/defs.h"
SEC("kprobe/f") int p(void *ctx) { return 0; }
struct {
  __uint(type, 3);
  __uint(max_entries, 4);
  __uint(key_size, 4);
  __array(values, int(void *));
} table SEC(".maps") = {.values = {[KEY] = (void *)&p}};
// OK: slot table[3] -> program p
// CHECK: error: map 'table': initial value of element 4; max_entries is 4
