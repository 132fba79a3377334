// SPDX-License-Identifier: MIT OR Apache-2.0
// A static map has no symbol of its own in the relocation: .maps plus an addend.
// RUN: %bpfcc %s --stop-after=resolve --print-after=resolve | FileCheck %s
#include "../Inputs/defs.h"
HASH(before);
static HASH(hidden);
SEC("kprobe/f") int p(void *ctx) {
  u32 key = 0;
  lookup_elem(&before, &key);
  // CHECK: MapRef .maps+0x20 -> map 1 hidden
  return lookup_elem(&hidden, &key) != 0;
}
