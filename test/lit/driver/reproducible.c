// SPDX-License-Identifier: MIT OR Apache-2.0
// Same input, same bytes, whatever the directory.
// RUN: rm -rf %t && mkdir -p %t/a %t/b && cp %s %t/a/x.c && cp %s %t/b/x.c
// RUN: cd %t/a && %bpfcc -g x.c -o x.o
// RUN: cd %t/b && %bpfcc -g x.c -o x.o
// RUN: cmp %t/a/x.o %t/b/x.o
// RUN: cd %t/a && %bpfcc --abi=linux -g x.c -o y.o
// RUN: cd %t/b && %bpfcc --abi=linux -g x.c -o y.o
// RUN: cmp %t/a/y.o %t/b/y.o
#include <bpf/bpf_helpers.h>
#include <linux/bpf.h>
char license[] SEC("license") = "GPL";
SEC("kprobe/f") int probe(void *ctx) { return 0; }
