// SPDX-License-Identifier: MIT OR Apache-2.0
// Each section .data.NAME is a map of its own.
// RUN: %bpfcc %s --stop-after=resolve --print-after=resolve | FileCheck %s
#include "../Inputs/defs.h"
SEC(".data.mine") int mine = 1;
SEC(".data.yours") int yours = 2;
SEC("kprobe/f") int p(void *ctx) {
  // CHECK: MapValue .data.mine+0x0 -> map 0 .data.mine+0
  // CHECK: MapValue .data.yours+0x0 -> map 1 .data.yours+0
  return mine++ + yours++;
}
