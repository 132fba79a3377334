// SPDX-License-Identifier: MIT OR Apache-2.0
// A GPL-only helper in an object without a licence.
// RUN: not %bpfcc %s --stop-after=resolve 2>&1 | FileCheck %s --implicit-check-not=error:
#include "../Inputs/defs.h"
static long (*const printk)(const char *format, u32 size, ...) = (void *)6;
SEC("kprobe/f") int p(void *ctx) {
  char text[] = "x";
  // CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: helper bpf_trace_printk is for GPL-compatible programs, and the object names no licence; write: char LICENSE[] SEC("license") = "GPL";
  return printk(text, 2);
}
