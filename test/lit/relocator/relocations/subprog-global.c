// SPDX-License-Identifier: MIT OR Apache-2.0
// A call of a global function goes through its symbol.
// RUN: %bpfcc %s --stop-after=resolve --print-after=resolve | FileCheck %s
#include "../Inputs/defs.h"
__noinline int callee(int a) { return a * a; }
SEC("kprobe/f") int p(int *ctx) {
  // CHECK: reloc kprobe/f+0x{{[0-9a-f]+}} SubprogCall .text+0x0 -> function callee
  return callee(*ctx);
}
