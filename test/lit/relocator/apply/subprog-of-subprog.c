// SPDX-License-Identifier: MIT OR Apache-2.0
// Functions called by functions come along, each once.
// RUN: %bpfcc %s --stop-after=apply --print-after=apply | FileCheck %s
#include "../Inputs/defs.h"
static __noinline int leaf(int *a) { return *a * *a; }
static __noinline int middle(int *a) { return leaf(a) + *a; }
SEC("kprobe/f") int p(int *ctx) { return middle(ctx) + leaf(ctx); }
// CHECK: part p at 0
// CHECK-NEXT: part middle at
// CHECK-NEXT: part leaf at
// CHECK-NOT: part
