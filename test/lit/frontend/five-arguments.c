// SPDX-License-Identifier: MIT OR Apache-2.0
// Five are as many as there are registers for.
// RUN: %bpfcc -S %s -o - | FileCheck %s
// CHECK: call five
int five(int, int, int, int, int);
int f(int a) { return five(a, a, a, a, a); }
