// SPDX-License-Identifier: MIT OR Apache-2.0
// A helper called through a constant pointer needs no relocation.
// RUN: %bpfcc %s --stop-after=resolve --print-after=resolve | FileCheck %s
#include "../Inputs/defs.h"
SEC("kprobe/f") int p(void *ctx) {
  // CHECK: HelperCall 5 -> helper 5 ktime_get_ns
  return ktime_get_ns();
}
