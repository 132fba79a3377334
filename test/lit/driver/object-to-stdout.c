// SPDX-License-Identifier: MIT OR Apache-2.0
// An object too can go to standard output.
// RUN: %bpfcc %s -o - | llvm-readelf -h - | FileCheck %s
// CHECK: Machine: EM_BPF
#include <bpf/bpf_helpers.h>
#include <linux/bpf.h>
char license[] SEC("license") = "GPL";
SEC("kprobe/f") int probe(void *ctx) { return 0; }
