// SPDX-License-Identifier: MIT OR Apache-2.0
// An initialised global variable lives in the map of .data.
// RUN: %bpfcc %s --stop-after=resolve --print-after=resolve | FileCheck %s
#include "../Inputs/defs.h"
int unused = 1, counter = 7;
// CHECK: map 0 .data data
SEC("kprobe/f") int p(void *ctx) {
  // CHECK: MapValue .data+0x4 -> map 0 .data+4
  return counter++;
}
