// SPDX-License-Identifier: MIT OR Apache-2.0
// --print-after shows the relocator's state, --stop-after ends there and writes nothing.
// RUN: rm -f %t.o
// RUN: %bpfcc %s --print-after=collect_programs --stop-after=collect_programs -o %t.o | FileCheck %s
// RUN: not ls %t.o
// CHECK: probe
#include <bpf/bpf_helpers.h>
#include <linux/bpf.h>
char license[] SEC("license") = "GPL";
SEC("kprobe/f") int probe(void *ctx) { return 0; }
