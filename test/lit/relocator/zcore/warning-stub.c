// SPDX-License-Identifier: MIT OR Apache-2.0
// A helper that those kernels answer with 0 is called for nothing.
// RUN: %bpfcc --abi=zcore %s --stop-after=resolve 2>&1 | FileCheck %s
#include "../Inputs/defs.h"
static long (*const nothing)(void) = (void *)9;
int entry(u64 *ctx) {
  // CHECK: [[#@LINE+1]]:{{[0-9]+}}: warning: helper 9 does nothing in the kernels of profile 'zcore' and returns 0
  return nothing();
}
