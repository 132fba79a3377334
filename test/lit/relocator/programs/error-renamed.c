// SPDX-License-Identifier: MIT OR Apache-2.0
// An error about a function that __asm__ gives another name is at its line.
// RUN: not %bpfcc %s -o %t.o 2>&1 | FileCheck %s
// RUN: test ! -e %t.o
#include "../Inputs/defs.h"
int entry(u64 *ctx) __asm__("on_enter");
// CHECK: error-renamed.c:[[@LINE+1]]:20: error: SEC("kprob/f") of program 'on_enter' names no program type of profile 'kbpf'; did you mean 'kprobe'?
SEC("kprob/f") int entry(u64 *ctx) { return ctx[0]; }
