// SPDX-License-Identifier: MIT OR Apache-2.0
// GPL-only helpers in an object without a licence: said once. An object for Linux may be one to link with another.
// RUN: not %bpfcc %s --stop-after=resolve 2>&1 | FileCheck %s --implicit-check-not=error:
// RUN: %bpfcc --abi=linux %s -o %t.o 2>&1 | FileCheck %s --check-prefix=LINUX --implicit-check-not=warning:
#include "../Inputs/defs.h"
static long (*const printk)(const char *format, u32 size, ...) = (void *)6;
SEC("kprobe/f") int p(void *ctx) {
  char text[] = "x";
  // CHECK: [[#@LINE+2]]:{{[0-9]+}}: error: helper bpf_trace_printk is for GPL-compatible programs, and the object names no licence; write: char LICENSE[] SEC("license") = "GPL";
  // LINUX: [[#@LINE+1]]:{{[0-9]+}}: warning: helper bpf_trace_printk is for GPL-compatible programs, and the object names no licence; write: char LICENSE[] SEC("license") = "GPL"; (unless it is linked with one that does)
  return printk(text, 2) + printk(text, 2);
}
