// SPDX-License-Identifier: MIT OR Apache-2.0
// A function that calls itself is copied once; the verifier judges it.
// RUN: %bpfcc %s --stop-after=apply --print-after=apply | FileCheck %s
#include "../Inputs/defs.h"
__noinline int countdown(int *a) { return *a ? countdown(a + 1) + 1 : 0; }
SEC("kprobe/f") int p(int *ctx) { return countdown(ctx); }
// CHECK: part p at 0
// CHECK-NEXT: part countdown at 2
// CHECK-NOT: part
