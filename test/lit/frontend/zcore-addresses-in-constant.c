// SPDX-License-Identifier: MIT OR Apache-2.0
// One that holds addresses can't be moved.
// RUN: not %bpfcc --abi=zcore %s -o %t.o 2>&1 | FileCheck %s
// CHECK: error: reference to 'names'; kernels of profile 'zcore' have no global data: use a map or a local variable
static int (*const trace)(const char *, int, long, long, long) = (void *)6;
static const char *const names[] = {"one", "two"};
int entry(long *ctx) { return trace(names[ctx[0] & 1], 4, 0, 0, 0); }
