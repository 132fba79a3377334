// SPDX-License-Identifier: MIT OR Apache-2.0
// A number that no kernel has.
// RUN: not %bpfcc %s --stop-after=resolve 2>&1 | FileCheck %s --implicit-check-not=error:
#include "../Inputs/defs.h"
static u64 (*const nothing)(void) = (void *)9999;
SEC("kprobe/f") int p(void *ctx) {
  // CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: helper 9999 is not in profile 'kbpf'{{$}}
  return nothing();
}
