// SPDX-License-Identifier: MIT OR Apache-2.0
// Functions that __asm__ gives another name: a compiler's BTF has C's, the finished object's has the symbol's.
// RUN: %bpfcc %s -o %t.o && %bpfcc --dump --check %t.o -o - | FileCheck %s
// RUN: %clang -target bpf -O2 -g -c %s -o %t.clang.o
// RUN: %bpfcc %t.clang.o -o %t.o && %bpfcc --dump --check %t.o -o - | FileCheck %s
#include "../Inputs/defs.h"
static __noinline int twice(u64 *a) __asm__("doubled");
static __noinline int twice(u64 *a) { return a[1] * a[2]; }
// RUN: %bpfcc %s -o %t.o && llvm-objcopy --dump-section=.BTF=%t.btf %t.o && FileCheck %s --check-prefix=BTF --input-file=%t.btf
// BTF: doubled
// CHECK: program 0 'on_enter'
// CHECK: function 'doubled'
int entry(u64 *ctx) __asm__("on_enter");
SEC("kprobe/f") int entry(u64 *ctx) { return twice(ctx); }
