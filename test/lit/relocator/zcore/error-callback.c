// SPDX-License-Identifier: MIT OR Apache-2.0
// Nor can a function have its address taken. (The front end says so for C; this is an object made elsewhere.)
// RUN: %clang -target bpf -O2 -g -c %s -o %t.in.o
// RUN: not %bpfcc %t.in.o --abi=zcore --stop-after=resolve 2>&1 | FileCheck %s --implicit-check-not=error:
#include "../Inputs/defs.h"
static __noinline int callback(u64 *a) { return *a; }
static long (*const lookup)(void *f, const void *key, void *value) = (void *)1;
int entry(u64 *ctx) {
  // CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: address of function 'callback'; kernels of profile 'zcore' have no calls between functions
  return lookup(callback, ctx, ctx);
}
