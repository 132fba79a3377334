// SPDX-License-Identifier: MIT OR Apache-2.0
// String constants live in .rodata, which those kernels never load.
// RUN: not %bpfcc %s --abi=zcore --stop-after=resolve 2>&1 | FileCheck %s --implicit-check-not=error:
#include "../Inputs/defs.h"
static int (*const printk)(const char *format, int size) = (void *)6;
int entry(u64 *ctx) {
  // CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: reference to .rodata.str1.1+0x0 in section '.rodata.str1.1'; kernels of profile 'zcore' have no global data: keep it in a local variable
  return printk("hello", 6);
}
