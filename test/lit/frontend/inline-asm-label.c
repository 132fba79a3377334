// SPDX-License-Identifier: MIT OR Apache-2.0
// A label that is not there, and references that no relocation can express, are errors at their asm statement.
// RUN: not %bpfcc %s -o %t.o 2>&1 | FileCheck %s --implicit-check-not=error:
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
SEC("kprobe/x") int p(void *ctx) {
  // CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: 'nowhere' is no label of this function, and its value is not known; an address is loaded with 'rN = SYMBOL ll'
  asm volatile("goto nowhere");
  // CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: 'limit' is no label of this function
  asm volatile("if r0 > limit goto +0");
  // CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: 'far' is no label of this function
  asm volatile("gotol far");
  // CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: 'p' is no label of this function
  asm volatile("goto p");
  // CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: 'small' is not known here, and a BPF object has no relocation of this size
  asm volatile(".byte small");
  asm volatile("here: r0 = 0; if r0 > 3 goto here" ::: "r0");
  return 0;
}
