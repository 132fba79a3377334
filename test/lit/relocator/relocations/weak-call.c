// SPDX-License-Identifier: MIT OR Apache-2.0
// A call of a weak function that nothing defines becomes one that no kernel has.
// RUN: %bpfcc %s --stop-after=apply --print-after=apply | FileCheck %s
#include "../Inputs/defs.h"
void missing(void) __weak;
SEC("kprobe/f") int p(void *ctx) {
  // CHECK: ExternCall missing -> nothing
  // CHECK: call 2147483647
  missing();
  return 0;
}
