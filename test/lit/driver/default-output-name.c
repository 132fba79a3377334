// SPDX-License-Identifier: MIT OR Apache-2.0
// Without -o the object is FILE.o in the current directory.
// RUN: rm -rf %t && mkdir -p %t && cd %t && %bpfcc %s
// RUN: llvm-readelf -h %t/default-output-name.o | FileCheck %s
// CHECK: Type: REL
#include <bpf/bpf_helpers.h>
#include <linux/bpf.h>
char license[] SEC("license") = "GPL";
SEC("kprobe/f") int probe(void *ctx) { return 0; }
