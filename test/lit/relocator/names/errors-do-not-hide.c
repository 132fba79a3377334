// SPDX-License-Identifier: MIT OR Apache-2.0
// One error does not hide the next.
// RUN: not %bpfcc %s --stop-after=resolve 2>&1 | FileCheck %s --implicit-check-not=error:
#include "../Inputs/defs.h"
u64 unknown_one(void);
extern int unknown_two;
static u64 (*const unknown_three)(void) = (void *)9999;
SEC("kprobe/f") int p(void *ctx) {
  // CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: undefined function 'unknown_one'
  u64 sum = unknown_one();
  // CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: undefined symbol 'unknown_two'
  sum += unknown_two;
  // CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: helper 9999
  return sum + unknown_three();
}
