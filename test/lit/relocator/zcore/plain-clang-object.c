// SPDX-License-Identifier: MIT OR Apache-2.0
// An object made by clang without debug information goes through.
// RUN: %clang -target bpf -O1 -c %s -o %t.in.o
// RUN: %bpfcc --abi=zcore %t.in.o -o %t.o
// RUN: llvm-readelf -S -s %t.o | FileCheck %s
#include "../Inputs/defs.h"
int entry(u64 *ctx) { return ctx[0]; }
// CHECK: .text PROGBITS
// CHECK: FUNC GLOBAL DEFAULT 1 entry
