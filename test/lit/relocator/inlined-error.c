// SPDX-License-Identifier: MIT OR Apache-2.0
// An error of the relocator in a function that was inlined has a note for each call that it came through.
// RUN: not %bpfcc -O2 %s -o %t.o 2>&1 | FileCheck %s
// RUN: %clang -target bpf -g -O2 -c -I %source/bpfcc/frontend/include %s -o %t.plain.o
// RUN: not %bpfcc %t.plain.o -o %t.o 2>&1 | FileCheck %s
typedef unsigned long u64;
long probe_nothing(void *to, u64 size);

static __attribute__((always_inline)) long inner(void *to) {
  // CHECK: inlined-error.c:[[#@LINE+1]]:10: error: {{.*}}'probe_nothing'
  return probe_nothing(to, 8);
}
static __attribute__((always_inline)) long outer(void) {
  long value = 0;
  // CHECK: inlined-error.c:[[#@LINE+1]]:10: note: 'inner' is inlined here
  return inner(&value) + value;
}
__attribute__((section("kprobe/f"), used)) int f(void *ctx) {
  // CHECK: inlined-error.c:[[#@LINE+1]]:10: note: 'outer' is inlined here
  return outer();
}
