// SPDX-License-Identifier: MIT OR Apache-2.0
// ld_imm64 gets source 5 and the index of the map; the second half stays zero.
// RUN: %bpfcc %s -o %t.o
// RUN: llvm-objdump -d %t.o | FileCheck %s
#include "../Inputs/defs.h"
HASH(first);
HASH(second);
SEC("kprobe/f") int p(void *ctx) {
  u32 key = 0;
  // CHECK: 18 51 00 00 00 00 00 00 00 00 00 00 00 00 00 00
  // CHECK: 18 51 00 00 01 00 00 00 00 00 00 00 00 00 00 00
  return lookup_elem(&first, &key) != lookup_elem(&second, &key);
}
