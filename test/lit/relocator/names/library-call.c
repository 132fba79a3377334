// SPDX-License-Identifier: MIT OR Apache-2.0
// A call that the compiler made up is explained.
// RUN: not %bpfcc %s --stop-after=resolve 2>&1 | FileCheck %s --implicit-check-not=error:
#include "../Inputs/defs.h"
SEC("kprobe/f") int p(char **ctx) {
  // CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: call of library function 'memcmp'; the compiler makes one from copies, fills and comparisons that are too large or not constant in size: use __builtin_memcmp with a small constant size, or a loop
  asm volatile("call memcmp" ::: "r0", "r1", "r2", "r3", "r4", "r5");
  return 0;
}
