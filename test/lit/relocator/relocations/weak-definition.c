// SPDX-License-Identifier: MIT OR Apache-2.0
// A weak function that is defined here is called like any other.
// RUN: %bpfcc %s --stop-after=resolve --print-after=resolve | FileCheck %s
#include "../Inputs/defs.h"
__weak __noinline int callee(int a) { return a * a; }
SEC("kprobe/f") int p(int *ctx) {
  // CHECK: SubprogCall .text+0x0 -> function callee
  return callee(*ctx);
}
