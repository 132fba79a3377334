// SPDX-License-Identifier: MIT OR Apache-2.0
// RUN: not %bpfcc %s --stop-after=resolve 2>&1 | FileCheck %s
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GLP v2";
// CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: helper bpf_trace_printk is for GPL-compatible programs, and the licence is "GLP v2"; did you mean 'GPL v2'?
SEC("kprobe/x") int p(void *ctx) { bpf_printk("x"); return 0; }
