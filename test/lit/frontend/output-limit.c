// SPDX-License-Identifier: MIT OR Apache-2.0
// A line of C that asks for more than memory holds ends in an error.
// RUN: not %bpfcc %s -o %t.o 2>&1 | FileCheck %s
// CHECK: error: error in backend: the output has more than 256 MiB
char many[1ul << 36] = {1};
__attribute__((section("kprobe/x"))) int p(void *ctx) { return many[3]; }
