// SPDX-License-Identifier: MIT OR Apache-2.0
// A call of a helper by name becomes the call by number that a function pointer gives.
// RUN: %bpfcc %s -o %t.o
// RUN: llvm-objdump -d %t.o | FileCheck %s
#include "../Inputs/defs.h"
u64 bpf_ktime_get_ns(void);
SEC("kprobe/f") int p(void *ctx) {
  // CHECK: 85 00 00 00 05 00 00 00
  // CHECK: 85 00 00 00 05 00 00 00
  return bpf_ktime_get_ns() + ktime_get_ns();
}
