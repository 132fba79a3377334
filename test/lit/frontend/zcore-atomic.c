// SPDX-License-Identifier: MIT OR Apache-2.0
// RUN: not %bpfcc --abi=zcore %s -o %t.o 2>&1 | FileCheck %s --implicit-check-not=error:
// CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: atomic operation; kernels of profile 'zcore' have none
int entry(long *ctx) { return __sync_fetch_and_add(ctx, 1); }
