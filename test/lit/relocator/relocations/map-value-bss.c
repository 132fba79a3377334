// SPDX-License-Identifier: MIT OR Apache-2.0
// A variable that is zero at first lives in the map of .bss.
// RUN: %bpfcc %s --stop-after=resolve --print-after=resolve | FileCheck %s
#include "../Inputs/defs.h"
int counter;
// CHECK: map 0 .bss data type array key 4 value 4 entries 1 flags 0x0
SEC("kprobe/f") int p(void *ctx) {
  // CHECK: MapValue .bss+0x0 -> map 0 .bss+0
  return counter++;
}
