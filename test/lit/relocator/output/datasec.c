// SPDX-License-Identifier: MIT OR Apache-2.0
// BTF says how large data sections are and where their variables stand.
// REQUIRES: bpftool
// RUN: %bpfcc %s -o %t.o
// RUN: bpftool btf dump file %t.o | FileCheck %s
#include "../Inputs/defs.h"
int first = 1;
static volatile long second = 2;
int third = 3;
SEC("kprobe/f") int p(void *ctx) { return first++ + second++ + third++; }
// CHECK: DATASEC '.data' size=16 vlen=3
// CHECK-NEXT: offset=0 size=4 (VAR 'first')
// CHECK-NEXT: offset=4 size=4 (VAR 'third')
// CHECK-NEXT: offset=8 size=8 (VAR 'second')
