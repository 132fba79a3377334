// SPDX-License-Identifier: MIT OR Apache-2.0
// A call within a section has no relocation at all.
// RUN: %bpfcc %s --stop-after=resolve --print-after=resolve | FileCheck %s
#include "../Inputs/defs.h"
static __noinline int callee(int a) { return a * a; }
__noinline int caller(int a) { return a + callee(a); }
SEC("kprobe/f") int p(int *ctx) {
  // CHECK: section {{[0-9]+}} .text size {{[0-9]+}} relocs 0
  // CHECK: reloc .text+0x8 SubprogCall .text+0x{{[0-9a-f]+}} -> function callee
  return caller(*ctx);
}
