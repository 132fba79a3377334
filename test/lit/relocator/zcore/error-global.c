// SPDX-License-Identifier: MIT OR Apache-2.0
// Nor do they have global variables. (The front end says so for C; this is an object made elsewhere.)
// RUN: %clang -target bpf -O2 -g -c %s -o %t.in.o
// RUN: not %bpfcc %t.in.o --abi=zcore --stop-after=resolve 2>&1 | FileCheck %s --implicit-check-not=error:
#include "../Inputs/defs.h"
int counter;
int entry(u64 *ctx) {
  // CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: reference to 'counter' in section '.bss'; kernels of profile 'zcore' have no global data
  return counter++;
}
