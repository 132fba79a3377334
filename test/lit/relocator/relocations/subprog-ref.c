// SPDX-License-Identifier: MIT OR Apache-2.0
// The address of a function, as callbacks have it.
// RUN: %bpfcc %s --stop-after=resolve --print-after=resolve | FileCheck %s
#include "../Inputs/defs.h"
static __noinline int callback(u32 index, void *context) { return index; }
SEC("kprobe/f") int p(void *ctx) {
  // CHECK: SubprogRef .text+0x0 -> function callback
  return lookup_elem(callback, 0) != 0;
}
