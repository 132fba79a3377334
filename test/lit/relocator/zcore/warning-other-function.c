// SPDX-License-Identifier: MIT OR Apache-2.0
// Only the first function of .text runs; others that are left out are named.
// RUN: %bpfcc --abi=zcore %s -o %t.o 2>&1 | FileCheck %s
// RUN: llvm-readelf -s %t.o | FileCheck %s --check-prefix=SYMBOLS
#include "../Inputs/defs.h"
int entry(u64 *ctx) { return ctx[0]; }
int other(u64 *ctx) { return ctx[1]; }
// CHECK: [[#@LINE-1]]:5: warning: function 'other' is left out: the object runs 'entry', the first function of .text
// SYMBOLS-NOT: other
