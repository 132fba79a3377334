// SPDX-License-Identifier: MIT OR Apache-2.0
// Without line information the section and offset say where.
// RUN: %clang -target bpf -O2 -c %s -o %t.o
// RUN: not %bpfcc %t.o -o %t.out 2>&1 | FileCheck %s --implicit-check-not=error:
#include "../Inputs/defs.h"
u64 unknown(void);
SEC("kprobe/f") int p(void *ctx) {
  // CHECK: {{.*}}.o: error: undefined function 'unknown': neither in this file nor a helper of profile 'kbpf' (in function 'p', kprobe/f+0x0)
  return unknown();
}
