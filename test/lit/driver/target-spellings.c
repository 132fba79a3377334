// SPDX-License-Identifier: MIT OR Apache-2.0
// Builds made for clang say which target they mean.
// RUN: %bpfcc -target bpf -c %s -o %t.1.o
// RUN: %bpfcc --target=bpfel -c %s -o %t.2.o
// RUN: cmp %t.1.o %t.2.o
#include <bpf/bpf_helpers.h>
#include <linux/bpf.h>
char license[] SEC("license") = "GPL";
SEC("kprobe/f") int probe(void *ctx) { return 0; }
