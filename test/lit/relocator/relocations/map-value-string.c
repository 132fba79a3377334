// SPDX-License-Identifier: MIT OR Apache-2.0
// A string literal lives in .rodata.str1.1, a map of its own.
// RUN: %bpfcc %s --stop-after=resolve --print-after=resolve | FileCheck %s
#include "../Inputs/defs.h"
static long (*const printk)(const char *format, u32 size, ...) = (void *)6;
GPL;
// CHECK: map 0 .rodata.str1.1 data type array key 4 value 6 entries 1 flags 0x80 read-only
SEC("kprobe/f") int p(void *ctx) {
  // CHECK: MapValue .rodata.str1.1+0x0 -> map 0 .rodata.str1.1+0
  return printk("hello", 6);
}
