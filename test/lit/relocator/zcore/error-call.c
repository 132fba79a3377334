// SPDX-License-Identifier: MIT OR Apache-2.0
// Those kernels have no calls between functions. (The front end says so for C; this is an object made elsewhere.)
// RUN: %clang -target bpf -O2 -g -c %s -o %t.in.o
// RUN: not %bpfcc %t.in.o --abi=zcore --stop-after=resolve 2>&1 | FileCheck %s --implicit-check-not=error:
#include "../Inputs/defs.h"
static __noinline int callee(u64 *a) { return *a * *a; }
int entry(u64 *ctx) {
  // CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: call of function 'callee'; kernels of profile 'zcore' have no calls between functions: declare it static inline __attribute__((always_inline))
  return callee(ctx) + 1;
}
