// SPDX-License-Identifier: MIT OR Apache-2.0
// RUN: not %bpfcc %s -o %t.o 2>&1 | FileCheck %s --implicit-check-not=error:
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
SEC("kprobe/f") void f(void *ctx) {}
// CHECK: [[#@LINE-1]]:{{[0-9]+}}: error: r0 is read but holds nothing [V020 uninitialised-register]
// CHECK: note: a program ends with a number, and so does a function that it calls: return 0;
