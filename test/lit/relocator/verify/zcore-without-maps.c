// SPDX-License-Identifier: MIT OR Apache-2.0
// A zcore program that uses no map is verified, too.
// RUN: not %bpfcc --abi=zcore %s -o %t.o 2>&1 | FileCheck %s
#include "../Inputs/defs.h"
int entry(u64 *ctx) {
  // CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: {{.+}} [V030 context-access]
  return ctx[1000];
}
