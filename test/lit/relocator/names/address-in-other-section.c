// SPDX-License-Identifier: MIT OR Apache-2.0
// Only data sections become maps.
// RUN: not %bpfcc %s --stop-after=resolve 2>&1 | FileCheck %s --implicit-check-not=error:
#include "../Inputs/defs.h"
int counter SEC("elsewhere") = 1;
SEC("kprobe/f") int p(void *ctx) {
  // CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: reference to 'counter' in section 'elsewhere', which is no data section of a program
  return counter++;
}
