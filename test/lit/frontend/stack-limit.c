// SPDX-License-Identifier: MIT OR Apache-2.0
// Once a function, with the variables that fill the stack.
// RUN: not %bpfcc %s -o %t.o 2>&1 | FileCheck %s --implicit-check-not=error: --implicit-check-not=note:
// RUN: not %bpfcc -O0 %s -o %t.o 2>&1 | FileCheck %s --implicit-check-not=error: --implicit-check-not=note:
void use(char *);
// CHECK: [[#@LINE+1]]:1: error: stack of 'f' is larger than 512 bytes; it holds 'big' (500 bytes, line [[#@LINE+2]]), 'small' (40 bytes, line [[#@LINE+3]])
int f(void) {
  char big[500];
  char small[40];
  use(big);
  use(small);
  use(big);
  return 0;
}
