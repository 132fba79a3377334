// SPDX-License-Identifier: MIT OR Apache-2.0
// A helper that stops those kernels.
// RUN: not %bpfcc %s --abi=zcore --stop-after=resolve 2>&1 | FileCheck %s --implicit-check-not=error:
#include "../Inputs/defs.h"
static u32 (*const random_number)(void) = (void *)7;
int entry(u64 *ctx) {
  // CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: helper bpf_get_prandom_u32 stops the kernels of profile 'zcore' with a panic
  return random_number();
}
