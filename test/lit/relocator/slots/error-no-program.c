// SPDX-License-Identifier: MIT OR Apache-2.0
// A slot of a map of programs takes programs, no functions.
// RUN: not %bpfcc %s --stop-after=resolve 2>&1 | FileCheck %s
#include "../Inputs/defs.h"
__noinline int function(void *ctx) { return 2; }
SEC("kprobe/f") int p(void *ctx) { return function(ctx); }
struct {
  __uint(type, 3);
  __uint(max_entries, 4);
  __uint(key_size, 4);
  __array(values, int(void *));
  // CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: map 'table': initial value of element 1 is 'function', which is no program of this object
} table SEC(".maps") = {.values = {[1] = (void *)&function}};
