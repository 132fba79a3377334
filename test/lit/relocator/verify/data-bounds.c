// SPDX-License-Identifier: MIT OR Apache-2.0
// Beyond the end of a data section there is nothing.
// RUN: not %bpfcc %s -o %t.o 2>&1 | FileCheck %s --implicit-check-not=error:
#include "../Inputs/defs.h"
volatile int table[4] = {1, 2, 3, 4};
SEC("kprobe/f") int p(u64 *ctx) {
  u64 index = ctx[0];
  // CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: {{.*}}map '.data'{{.*}}[V028 map-value-out-of-bounds]
  return table[index & 7];
}
