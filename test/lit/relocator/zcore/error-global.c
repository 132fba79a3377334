// SPDX-License-Identifier: MIT OR Apache-2.0
// Nor do they have global variables.
// RUN: not %bpfcc %s --abi=zcore --stop-after=resolve 2>&1 | FileCheck %s --implicit-check-not=error:
#include "../Inputs/defs.h"
int counter;
int entry(u64 *ctx) {
  // CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: reference to 'counter' in section '.bss'; kernels of profile 'zcore' have no global data
  return counter++;
}
