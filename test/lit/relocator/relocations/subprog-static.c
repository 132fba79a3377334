// SPDX-License-Identifier: MIT OR Apache-2.0
// A call of a static function in another section: section symbol, and the place in imm.
// RUN: %bpfcc %s --stop-after=resolve --print-after=resolve | FileCheck %s
#include "../Inputs/defs.h"
__noinline int first(int a) { return a * a; }
static __noinline int callee(int a) { return a + first(a); }
SEC("kprobe/f") int p(int *ctx) {
  // CHECK: reloc kprobe/f+0x{{[0-9a-f]+}} SubprogCall .text+0x18 -> function callee
  return callee(*ctx);
}
