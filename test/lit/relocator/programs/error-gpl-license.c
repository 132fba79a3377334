// SPDX-License-Identifier: MIT OR Apache-2.0
// A GPL-only helper under a licence that is not compatible.
// RUN: not %bpfcc %s --stop-after=resolve 2>&1 | FileCheck %s --implicit-check-not=error:
#include "../Inputs/defs.h"
static long (*const printk)(const char *format, u32 size, ...) = (void *)6;
char license_text[] SEC("license") = "Proprietary";
SEC("kprobe/f") int p(void *ctx) {
  char text[] = "x";
  // CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: helper bpf_trace_printk is for GPL-compatible programs, and the licence is "Proprietary"
  return printk(text, 2);
}
