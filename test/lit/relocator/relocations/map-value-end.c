// SPDX-License-Identifier: MIT OR Apache-2.0
// The address just behind the last variable is legal, as in C.
// RUN: %bpfcc %s --stop-after=resolve --print-after=resolve | FileCheck %s
#include "../Inputs/defs.h"
int table[4] = {1, 2, 3, 4};
SEC("kprobe/f") int p(void *ctx) {
  // CHECK: MapValue .data+0x10 -> map 0 .data+16
  asm volatile("r0 = table + 16 ll" ::: "r0");
  return table[0]++;
}
