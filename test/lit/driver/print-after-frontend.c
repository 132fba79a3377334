// SPDX-License-Identifier: MIT OR Apache-2.0
// Declarations that later errors can point at.
// RUN: %bpfcc %s --print-after=frontend --stop-after=frontend -o %t.o | FileCheck %s --implicit-check-not=bpf_map
// CHECK: helper {{.*}}print-after-frontend.c:[[#@LINE+3]]:6
// CHECK: license
// CHECK: probe {{.*}}print-after-frontend.c:[[#@LINE+5]]:21
void helper(void);
#include <bpf/bpf_helpers.h>
#include <linux/bpf.h>
char license[] SEC("license") = "GPL";
SEC("kprobe/f") int probe(void *ctx) { return 0; }
