// SPDX-License-Identifier: MIT OR Apache-2.0
// A string constant is built on the stack, eight bytes at a time.
// RUN: %bpfcc --abi=zcore -S %s -o - | FileCheck %s --implicit-check-not=rodata
// RUN: %bpfcc --abi=zcore -O0 -S %s -o - | FileCheck %s --implicit-check-not=rodata
// CHECK: = 8031924123371070824 ll
// CHECK: *(u64 *)(r10 - {{[0-9]+}}) =
// CHECK: call 6
static int (*const trace)(const char *, int, long, long, long) = (void *)6;
int entry(long *ctx) { return trace("hello wor{}", 12, 1, 2, 3); }
