// SPDX-License-Identifier: MIT OR Apache-2.0
// An undefined symbol that no section of externs declares.
// RUN: not %bpfcc %s --abi=linux --stop-after=resolve 2>&1 | FileCheck %s --implicit-check-not=error:
#include "../Inputs/defs.h"
extern int missing;
SEC("kprobe/f") int p(void *ctx) {
  // CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: undefined symbol 'missing'{{$}}
  return missing;
}
