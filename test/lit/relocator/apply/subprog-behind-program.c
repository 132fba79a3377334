// SPDX-License-Identifier: MIT OR Apache-2.0
// A called function is copied behind its program and called by distance.
// RUN: %bpfcc %s --stop-after=apply --print-after=apply | FileCheck %s
#include "../Inputs/defs.h"
static __noinline int callee(int *a) { return *a * *a; }
int unused(int *a) { return *a; }
SEC("kprobe/f") int p(int *ctx) {
  // CHECK: program 0 p section kprobe/f type kprobe target f insns 5
  // CHECK-NEXT: part p at 0
  // CHECK-NEXT: part callee at 2
  // CHECK-NEXT: 0: call
  // CHECK-NEXT: 1: exit
  return callee(ctx);
}
