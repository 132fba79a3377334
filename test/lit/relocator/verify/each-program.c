// SPDX-License-Identifier: MIT OR Apache-2.0
// Each program is judged, whatever became of the one before.
// RUN: not %bpfcc %s -o %t.o 2>&1 | FileCheck %s --implicit-check-not=error:
#include "../Inputs/defs.h"
HASH(counts);
SEC("kprobe/f") int p(void *ctx) {
  u32 key = 0;
  // CHECK: [[#@LINE+1]]:{{[0-9]+}}: error:
  return *(u64 *)lookup_elem(&counts, &key);
}
SEC("kprobe/g") int q(void *ctx) {
  u32 key = 0;
  // CHECK: [[#@LINE+1]]:{{[0-9]+}}: error:
  return *(u64 *)lookup_elem(&counts, &key);
}
