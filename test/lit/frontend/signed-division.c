// SPDX-License-Identifier: MIT OR Apache-2.0
// RUN: not %bpfcc %s -o %t.o 2>&1 | FileCheck %s --implicit-check-not=error:
// CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: unsupported signed division
int f(int a) { return a / 3; }
