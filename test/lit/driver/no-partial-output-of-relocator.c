// SPDX-License-Identifier: MIT OR Apache-2.0
// The same where the relocator fails.
// RUN: rm -rf %t && mkdir -p %t
// RUN: not %bpfcc %s -o %t/out.o
// RUN: ls %t | count 0
int bpf_no_such_helper(void);
__attribute__((section("kprobe/f"))) int probe(void *ctx) { return bpf_no_such_helper(); }
