// SPDX-License-Identifier: MIT OR Apache-2.0
// A variable that nothing defines, with the nearest that is.
// RUN: not %bpfcc %s --stop-after=resolve 2>&1 | FileCheck %s --implicit-check-not=error:
#include "../Inputs/defs.h"
int counter = 1;
extern int countr;
SEC("kprobe/f") int p(void *ctx) {
  counter++;
  // CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: undefined symbol 'countr'; did you mean 'counter'? (maps that are bound by name are for profile 'zcore')
  return countr;
}
