// SPDX-License-Identifier: MIT OR Apache-2.0
// Without line information the function and offset say where.
// RUN: %clang -target bpf -O2 -c %s -o %t.in.o
// RUN: not %bpfcc %t.in.o -o %t.o 2>&1 | FileCheck %s
#include "../Inputs/defs.h"
int counter;
SEC("kprobe/f") int p(int *ctx) {
  // CHECK: {{.*}}.o: error: {{.+}} [V030 context-access] (in function 'p', kprobe/f+0x0)
  return ctx[1000];
}
