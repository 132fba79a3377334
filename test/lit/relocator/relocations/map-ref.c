// SPDX-License-Identifier: MIT OR Apache-2.0
// The address of a map in .maps, through its symbol.
// RUN: %bpfcc %s --stop-after=resolve --print-after=resolve | FileCheck %s
#include "../Inputs/defs.h"
HASH(counts);
SEC("kprobe/f") int p(void *ctx) {
  u32 key = 0;
  // CHECK: reloc kprobe/f+0x20 MapRef .maps+0x0 -> map 0 counts
  return lookup_elem(&counts, &key) != 0;
}
