// SPDX-License-Identifier: MIT OR Apache-2.0
// Declared as an ordinary function the same helper is called by name; the relocator gives it its number.
// RUN: %bpfcc %s -o %t.o && llvm-objdump -d %t.o | FileCheck %s
// CHECK: call 0x5
extern unsigned long long bpf_ktime_get_ns(void);
char license[] __attribute__((section("license"))) = "GPL";
__attribute__((section("kprobe/f"))) int probe(void *ctx) { return bpf_ktime_get_ns() & 1; }
