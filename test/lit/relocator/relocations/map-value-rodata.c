// SPDX-License-Identifier: MIT OR Apache-2.0
// A constant lives in the map of .rodata, which programs cannot write.
// RUN: %bpfcc %s --stop-after=resolve --print-after=resolve | FileCheck %s
#include "../Inputs/defs.h"
const volatile int limit = 7;
// CHECK: map 0 .rodata data type array key 4 value 4 entries 1 flags 0x80 read-only
SEC("kprobe/f") int p(void *ctx) {
  // CHECK: MapValue .rodata+0x0 -> map 0 .rodata+0
  return limit;
}
