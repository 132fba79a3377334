// SPDX-License-Identifier: MIT OR Apache-2.0
// Programs of one section name get a section each.
// RUN: %bpfcc %s -o %t.o
// RUN: llvm-readelf -S -s %t.o | FileCheck %s
#include "../Inputs/defs.h"
SEC("kprobe/f") int p(void *ctx) { return 0; }
SEC("kprobe/f") int q(void *ctx) { return 1; }
// CHECK: [ 1] kprobe/f
// CHECK: [ 2] kprobe/f
// CHECK: FUNC GLOBAL DEFAULT 1 p
// CHECK: FUNC GLOBAL DEFAULT 2 q
