// SPDX-License-Identifier: MIT OR Apache-2.0
// Signed division is refused where the instruction set has none, with what to do instead.
// RUN: not %bpfcc %s -o %t.o 2>&1 | FileCheck %s --implicit-check-not=error:
// RUN: %bpfcc -mcpu=v4 -fno-bpf-verify %s -o %t.o
// CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: unsupported signed division: BPF before v4 divides unsigned numbers only; make both operands unsigned, or compile with -mcpu=v4 for a kernel that knows it
__attribute__((section("kprobe/f"))) int f(int *context) { int a = (long)context; return a / 3; }
