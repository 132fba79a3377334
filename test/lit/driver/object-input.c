// SPDX-License-Identifier: MIT OR Apache-2.0
// An object that clang made goes straight to the relocator.
// RUN: %clang -target bpf -O2 -g -c %s -o %t.in.o
// RUN: %bpfcc %t.in.o -o %t.o
// RUN: llvm-readelf -S %t.o | FileCheck %s
// CHECK: .kbpf.progs
char _license[] __attribute__((section("license"))) = "GPL";
__attribute__((section("kprobe/f"))) int probe(void *ctx) { return 0; }
