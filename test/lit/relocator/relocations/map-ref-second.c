// SPDX-License-Identifier: MIT OR Apache-2.0
// The second map of .maps is told from the first by its offset.
// RUN: %bpfcc %s --stop-after=resolve --print-after=resolve | FileCheck %s
#include "../Inputs/defs.h"
HASH(first);
HASH(second);
SEC("kprobe/f") int p(void *ctx) {
  u32 key = 0;
  // CHECK: MapRef .maps+0x0 -> map 0 first
  // CHECK: MapRef .maps+0x20 -> map 1 second
  return lookup_elem(&first, &key) != lookup_elem(&second, &key);
}
