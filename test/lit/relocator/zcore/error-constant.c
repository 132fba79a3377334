// SPDX-License-Identifier: MIT OR Apache-2.0
// String constants live in .rodata, which those kernels never load. (The front end says so for C; this is an object made elsewhere.)
// RUN: %clang -target bpf -O2 -g -c %s -o %t.in.o
// RUN: not %bpfcc %t.in.o --abi=zcore --stop-after=resolve 2>&1 | FileCheck %s --implicit-check-not=error:
#include "../Inputs/defs.h"
static int (*const printk)(const char *format, int size) = (void *)6;
int entry(u64 *ctx) {
  // CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: reference to .rodata.str1.1+0x0 in section '.rodata.str1.1'; kernels of profile 'zcore' have no global data: keep it in a local variable
  return printk("hello", 6);
}
