// SPDX-License-Identifier: MIT OR Apache-2.0
// A tentative definition stands in no section.
// RUN: not %bpfcc %s -fcommon --stop-after=resolve 2>&1 | FileCheck %s --implicit-check-not=error:
#include "../Inputs/defs.h"
int counter;
SEC("kprobe/f") int p(void *ctx) {
  // CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: symbol 'counter' stands in no section; compile with -fno-common
  return counter++;
}
