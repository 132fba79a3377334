// SPDX-License-Identifier: MIT OR Apache-2.0
// The address of a weak symbol that nothing defines is null.
// RUN: %bpfcc %s --stop-after=apply --print-after=apply | FileCheck %s
#include "../Inputs/defs.h"
extern int missing __weak;
SEC("kprobe/f") int p(void *ctx) {
  // CHECK: ExternRef missing -> null
  // CHECK: r1 = 0
  return &missing != 0;
}
