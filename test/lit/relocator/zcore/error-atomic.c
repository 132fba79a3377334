// SPDX-License-Identifier: MIT OR Apache-2.0
// Atomic operations are not compiled there. (The front end says so for C; this is an object made elsewhere.)
// RUN: %clang -target bpf -O2 -g -c %s -o %t.in.o
// RUN: not %bpfcc %t.in.o --abi=zcore --stop-after=resolve 2>&1 | FileCheck %s --implicit-check-not=error:
#include "../Inputs/defs.h"
int entry(u64 *ctx) {
  u64 local = ctx[0];
  // CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: atomic operation; kernels of profile 'zcore' have none
  __sync_fetch_and_add((volatile u64 *)&local, 1);
  return local;
}
