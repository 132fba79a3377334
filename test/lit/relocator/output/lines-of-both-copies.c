// SPDX-License-Identifier: MIT OR Apache-2.0
// A function that is copied twice has its lines in both programs.
// RUN: %bpfcc %s -o %t.o
// RUN: llvm-objdump -S %t.o | FileCheck %s
#include "../Inputs/defs.h"
static __noinline int callee(u64 *a) {
  return a[1] * a[2]; // the callee
}
SEC("kprobe/f") int p(u64 *ctx) { return callee(ctx) + 5; }
SEC("kprobe/g") int q(u64 *ctx) { return callee(ctx) + 6; }
// CHECK: section kprobe/f
// CHECK: <callee>:
// CHECK: {{^}};   return a[1] * a[2]; // the callee
// CHECK: section kprobe/g
// CHECK: <callee>:
// CHECK: {{^}};   return a[1] * a[2]; // the callee
