// SPDX-License-Identifier: MIT OR Apache-2.0
// Helper numbers end at 16.
// RUN: not %bpfcc --abi=zcore %s -DNUMBER=17 --stop-after=resolve 2>&1 | FileCheck %s --implicit-check-not=error:
// RUN: %bpfcc --abi=zcore %s -DNUMBER=16 --stop-after=resolve
#include "../Inputs/defs.h"
static long (*const helper)(char *buffer, int size) = (void *)NUMBER;
int entry(u64 *ctx) {
  char name[16];
  // CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: helper 17
  return helper(name, sizeof name);
}
