// SPDX-License-Identifier: MIT OR Apache-2.0
// What the kernel would refuse to put in: a map that is not like the template.
// RUN: not %bpfcc %s --stop-after=resolve -DTYPE=1 -DKEY=u32 -DVALUE=u64 -DMAX=1 -DFLAGS=0 2>&1 | FileCheck %s --check-prefix=TYPE
// RUN: not %bpfcc %s --stop-after=resolve -DTYPE=2 -DKEY=u32 -DVALUE=u32 -DMAX=1 -DFLAGS=0 2>&1 | FileCheck %s --check-prefix=VALUE
// RUN: not %bpfcc %s --stop-after=resolve -DTYPE=2 -DKEY=u32 -DVALUE=u64 -DMAX=2 -DFLAGS=0 2>&1 | FileCheck %s --check-prefix=MAX
// RUN: not %bpfcc %s --stop-after=resolve -DTYPE=2 -DKEY=u32 -DVALUE=u64 -DMAX=1 -DFLAGS=1024 2>&1 | FileCheck %s --check-prefix=FLAGS
#include "../Inputs/defs.h"
struct {
  __uint(type, TYPE);
  __uint(max_entries, MAX);
  __uint(map_flags, FLAGS);
  __type(key, KEY);
  __type(value, VALUE);
} one SEC(".maps");
struct {
  __uint(type, 12);
  __uint(max_entries, 3);
  __type(key, u32);
  __array(
      values, struct {
        __uint(type, 2);
        __uint(max_entries, 1);
        __type(key, u32);
        __type(value, u64);
      });
} outer SEC(".maps") = {.values = {[1] = (void *)&one}};
SEC("kprobe/f") int p(void *ctx) { return 0; }
// TYPE: error: map 'outer': initial value of element 1: map 'one' is not like the template: type is 1, not 2
// VALUE: error: {{.*}} map 'one' is not like the template: value_size is 4, not 8
// MAX: error: {{.*}} map 'one' is not like the template: max_entries is 2, not 1
// FLAGS: error: {{.*}} map 'one' is not like the template: map_flags is 1024, not 0
