// SPDX-License-Identifier: MIT OR Apache-2.0
// Declare a GPL-compatible licence, or do without the helper.
// RUN: not %bpfcc -O2 %s -o %t.o 2>&1 | FileCheck %s
// RUN: %bpfcc -O2 -DMENDED %s -o %t.mended.o
// CHECK: error: helper bpf_trace_printk is for GPL-compatible programs, and the licence is "Proprietary"
#include "linux/bpf.h"

#include <bpf/bpf_helpers.h>

#ifdef MENDED
char license[] SEC("license") = "GPL";
#else
char license[] SEC("license") = "Proprietary";
#endif

SEC("kprobe/f")
int f(void *ctx) {
  bpf_printk("f was called");
  return 0;
}
