// SPDX-License-Identifier: MIT OR Apache-2.0
// The optimiser makes a loop of such a function; where the verifier finds no end of it, the call is named.
// RUN: not %bpfcc %s -o %t.o 2>&1 | FileCheck %s --implicit-check-not=error:
// CHECK: error: 1000000 instructions were walked without an end [V010 too-complex]
// CHECK-NEXT: static
// CHECK-NEXT: ^
// CHECK-NEXT: [[#@LINE+3]]:{{[0-9]+}}: note: 'factorial' calls itself here: programs have no recursion, and the loop that the optimiser makes of it needs a bound
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
static __noinline int factorial(int n) { return n <= 1 ? 1 : n * factorial(n - 1); }
SEC("kprobe/f") int f(void *ctx) { return factorial(bpf_get_prandom_u32() & 7); }
