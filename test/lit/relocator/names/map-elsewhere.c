// SPDX-License-Identifier: MIT OR Apache-2.0
// A map that another file defines, and no such file.
// RUN: not %bpfcc %s -o %t.o 2>&1 | FileCheck %s
#include "../Inputs/defs.h"
extern HASH(counts);
SEC("kprobe/f") int p(void *ctx) {
  u64 key = 0;
  // CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: map 'counts' is declared only; give the file that defines it as another input
  return lookup_elem(&counts, &key) != 0;
}
