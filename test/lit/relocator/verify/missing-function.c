// SPDX-License-Identifier: MIT OR Apache-2.0
// And nowhere else.
// RUN: not %bpfcc %s -o %t.o 2>&1 | FileCheck %s --implicit-check-not=error:
#include "../Inputs/defs.h"
extern void missing(void) __weak;
SEC("kprobe/f") int p(void *ctx) {
  // CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: call of the weak function 'missing', which nothing defines [V040 unknown-helper]
  missing();
  return 0;
}
