// SPDX-License-Identifier: MIT OR Apache-2.0
// RUN: not %bpfcc --abi=zcore %s -o %t.o 2>&1 | FileCheck %s
// CHECK: error: call of function 'fib', which cannot be inlined; kernels of profile 'zcore' have no calls between functions
int fib(int n) { return n < 2 ? n : fib(n - 1) * fib(n - 2); }
int entry(long *ctx) { return fib(ctx[0]); }
