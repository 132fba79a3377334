// SPDX-License-Identifier: MIT OR Apache-2.0
// An undefined symbol that no section of externs declares may stand in another object of the same program.
// RUN: %bpfcc %s --abi=linux --stop-after=resolve 2>&1 | FileCheck %s --implicit-check-not=error:
#include "../Inputs/defs.h"
extern int missing;
SEC("kprobe/f") int p(void *ctx) {
  // CHECK: [[#@LINE+1]]:{{[0-9]+}}: warning: undefined symbol 'missing' is left to a linker of BPF objects
  return missing;
}
