// SPDX-License-Identifier: MIT OR Apache-2.0
// The records of SEC("?...") follow to the section without the question mark.
// RUN: %bpfcc %s -o %t.o
// RUN: llvm-objdump -S %t.o | FileCheck %s
#include "../Inputs/defs.h"
SEC("?kprobe/f") int p(u64 *ctx) {
  return ctx[0] + 5; // the program
}
// CHECK: section kprobe/f
// CHECK: {{^}};   return ctx[0] + 5; // the program
