// SPDX-License-Identifier: MIT OR Apache-2.0
// Line records move with the functions that they describe.
// RUN: %bpfcc %s -o %t.o
// RUN: llvm-objdump -S %t.o | FileCheck %s
#include "../Inputs/defs.h"
static __noinline int callee(u64 *a) {
  return a[1] * a[2]; // the callee
}
SEC("kprobe/f") int p(u64 *ctx) {
  return callee(ctx) + 5; // the program
}
// CHECK: <p>:
// CHECK: {{^}};   return callee(ctx) + 5; // the program
// CHECK: call
// CHECK: <callee>:
// CHECK: {{^}};   return a[1] * a[2]; // the callee
