// SPDX-License-Identifier: MIT OR Apache-2.0
// ld_imm64 gets source 6, the index of the map, and the offset in the second half.
// RUN: %bpfcc %s -o %t.o
// RUN: llvm-objdump -d %t.o | FileCheck %s
#include "../Inputs/defs.h"
SEC(".data.before") volatile int before = 1;
volatile int counter = 1, other = 2;
SEC("kprobe/f") int p(void *ctx) {
  // CHECK: 18 61 00 00 01 00 00 00 00 00 00 00 04 00 00 00
  return other;
}
