// SPDX-License-Identifier: MIT OR Apache-2.0
// What the kernel would refuse is an error at its line, with the stable id of the reason.
// RUN: not %bpfcc %s -o %t.o 2>&1 | FileCheck %s --implicit-check-not=error:
#include "../Inputs/defs.h"
HASH(counts);
SEC("kprobe/f") int p(void *ctx) {
  u32 key = 0;
  u64 *value = lookup_elem(&counts, &key);
  // CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: {{.+}} [V023 possibly-null]
  return *value;
}
