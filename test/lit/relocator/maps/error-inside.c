// SPDX-License-Identifier: MIT OR Apache-2.0
// Only the address of a whole map means anything.
// RUN: not %bpfcc %s --stop-after=resolve 2>&1 | FileCheck %s --implicit-check-not=error:
#include "../Inputs/defs.h"
HASH(m);
SEC("kprobe/f") int p(void *ctx) {
  void *map = &m;
  u32 key = 0;
  lookup_elem(map, &key);
  // CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: no map is defined at .maps+0x8 ('m'); only the address of a whole map can be used
  asm volatile("%0 = m + 8 ll" : "=r"(map));
  return lookup_elem(map, &key) != 0;
}
