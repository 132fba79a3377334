// SPDX-License-Identifier: MIT OR Apache-2.0
// --stop-after=frontend leaves the object as clang made it.
// RUN: %bpfcc %s --stop-after=frontend -o %t.o
// RUN: llvm-readelf -S %t.o | FileCheck %s --implicit-check-not=.kbpf
// CHECK: .text
// CHECK: .BTF
int probe(void *ctx) { return 0; }
