// SPDX-License-Identifier: MIT OR Apache-2.0
// A static variable is reached through the section symbol and an addend.
// RUN: %bpfcc %s --stop-after=resolve --print-after=resolve | FileCheck %s
#include "../Inputs/defs.h"
int visible = 1;
static volatile int hidden = 7;
SEC("kprobe/f") int p(void *ctx) {
  // CHECK: MapValue .data+0x4 -> map 0 .data+4
  return hidden++;
}
