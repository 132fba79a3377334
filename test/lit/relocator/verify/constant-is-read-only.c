// SPDX-License-Identifier: MIT OR Apache-2.0
// .rodata may be read, and only read.
// RUN: not %bpfcc %s -o %t.o 2>&1 | FileCheck %s --implicit-check-not=error:
#include "../Inputs/defs.h"
const volatile int limit = 7;
SEC("kprobe/f") int p(void *ctx) { return limit; }
SEC("kprobe/g") int q(void *ctx) {
  // CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: {{.*}}map '.rodata' [V029 map-access-forbidden]
  *(volatile int *)&limit = 8;
  return 0;
}
