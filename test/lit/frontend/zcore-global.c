// SPDX-License-Identifier: MIT OR Apache-2.0
// RUN: not %bpfcc --abi=zcore %s -o %t.o 2>&1 | FileCheck %s --implicit-check-not=error:
// CHECK: [[#@LINE+2]]:{{[0-9]+}}: error: reference to 'counter'; kernels of profile 'zcore' have no global data: use a map or a local variable
int counter;
int entry(long *ctx) { return counter; }
