// SPDX-License-Identifier: MIT OR Apache-2.0
// The kbpf object has no initial values of slots; libbpf fills them.
// RUN: not %bpfcc --abi=linux %s -DTYPE=1000 -o %t.o 2>&1 | FileCheck %s --check-prefix=TYPE
// RUN: %bpfcc --abi=linux %s -o %t.o -DTYPE=3
// RUN: not %bpfcc %s -DTYPE=3 --stop-after=resolve 2>&1 | FileCheck %s
#include "../Inputs/defs.h"
SEC("kprobe/f") int p(void *ctx) { return 0; }
struct {
  __uint(type, TYPE);
  __uint(max_entries, 2);
  __uint(key_size, 4);
  __array(values, int(void *));
} table SEC(".maps") = {.values = {[1] = (void *)&p}};
// CHECK: error: map 'table': map type 3 (prog_array) is not in profile 'kbpf'
// CHECK: error: map 'table': the object format of profile 'kbpf' has no initial values of slots; fill them from user space
// TYPE: error: map 'table': map type 1000 is not in profile 'linux'
