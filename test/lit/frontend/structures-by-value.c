// SPDX-License-Identifier: MIT OR Apache-2.0
// Structures that do not fit into registers, frames whose size is not known, 128-bit arithmetic: one error each.
// RUN: not %bpfcc %s -o %t.o 2>&1 | FileCheck %s --implicit-check-not=error:
struct large {
  long a[4];
};
__attribute__((noinline)) long take(struct large x) { return x.a[1]; }
// CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: structure of more than 16 bytes passed by value: pass a pointer to it
long give(struct large *x) { return take(*x); }
// CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: structure of more than 16 bytes returned by value: let the caller pass a pointer to where it goes
struct large make(long a) { return (struct large){{a}}; }
void use(char *);
int sized(int n) {
  // CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: variable-length array or alloca: the size of a BPF frame is fixed; give the array the greatest length
  char a[n];
  use(a);
  return a[0];
}
// CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: this became a call of '__multi3'
long wide(unsigned __int128 *x) { return (*x = *x * *x) >> 64; }
