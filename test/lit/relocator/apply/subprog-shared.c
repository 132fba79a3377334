// SPDX-License-Identifier: MIT OR Apache-2.0
// Two programs that call one function get a copy each.
// RUN: %bpfcc %s --stop-after=apply --print-after=apply | FileCheck %s
#include "../Inputs/defs.h"
static __noinline int callee(int *a) { return *a * *a; }
SEC("kprobe/f") int p(int *ctx) { return callee(ctx); }
SEC("kprobe/g") int q(int *ctx) { return callee(ctx) + 1; }
// CHECK: program 0 p
// CHECK: part callee at 2
// CHECK: program 1 q
// CHECK: part callee at 3
