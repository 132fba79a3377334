// SPDX-License-Identifier: MIT OR Apache-2.0
// -E, then the result as input: the same code.
// RUN: %bpfcc -E %s -o %t.i
// RUN: %bpfcc -S %t.i -o - | FileCheck %s
// CHECK: w0 = 7
#define SEVEN 7
int f(void) { return SEVEN; }
