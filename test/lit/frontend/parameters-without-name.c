// SPDX-License-Identifier: MIT OR Apache-2.0
// Kernels refuse a function in BTF that has a parameter without a name. C lets people leave it out, and clang does so where
// it does not optimise: for all kernels there is one, the source's own where it has one.
// REQUIRES: bpftool
// RUN: %bpfcc -std=c2x -Wno-c2x-extensions -O0 -c %s -o %t.o && %host-bpftool btf dump file %t.o | FileCheck %s
// RUN: %bpfcc -std=c2x -Wno-c2x-extensions -O2 -c %s -o %t.o && %host-bpftool btf dump file %t.o | FileCheck %s
// RUN: %bpfcc -std=c2x -Wno-c2x-extensions --abi=linux -O0 -c %s -o %t.o && %host-bpftool btf dump file %t.o | FileCheck %s
// RUN: %bpfcc -std=c2x -Wno-c2x-extensions --abi=linux -O2 -c %s -o %t.o && %host-bpftool btf dump file %t.o | FileCheck %s
// An object of clang's is mended in what is written for kbpf.
// RUN: %clang -target bpf -std=c2x -Wno-c2x-extensions -O0 -g -c %s -o %t.clang.o && %bpfcc %t.clang.o -o %t.o
// RUN: %host-bpftool btf dump file %t.o | FileCheck %s --check-prefix=CLANG
struct pt_regs;
// CHECK-DAG: 'arg1'
// CHECK-DAG: 'second'
// CHECK-DAG: 'context'
// CLANG-DAG: 'arg1'
// CLANG-DAG: 'arg2'
static __attribute__((noinline)) int two(int, volatile int second) { return second; }
__attribute__((section("kprobe/f"))) int f(struct pt_regs *context) { return two(1, 2) + !context; }
