// SPDX-License-Identifier: MIT OR Apache-2.0
// A constant table indexed at run time moves to the stack too.
// RUN: %bpfcc --abi=zcore -S %s -o - | FileCheck %s --implicit-check-not=rodata
// CHECK: *(u64 *)(r10 - {{[0-9]+}}) =
// CHECK: exit
static const int table[] = {11, 22, 33, 44};
int entry(long *ctx) { return table[ctx[0] & 3]; }
