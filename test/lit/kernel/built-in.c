// SPDX-License-Identifier: MIT OR Apache-2.0
// --kernel=NAME is --abi=NAME; an exported profile of a kernel without helpers of its own gives the same code.
// RUN: %bpfcc --kernel=kbpf %s -o %t.1.o && %bpfcc %s -o %t.2.o && cmp %t.1.o %t.2.o
// RUN: %bpfcc --kernel=linux %s -o %t.1.o && %bpfcc --abi=linux %s -o %t.2.o && cmp %t.1.o %t.2.o
// RUN: %bpfcc --kernel zcore %s -o %t.1.o && %bpfcc --abi zcore %s -o %t.2.o && cmp %t.1.o %t.2.o
// RUN: %clang -x c++ -O2 -c %S/Inputs/kernel.cpp -o %t.kernel
// RUN: %bindir/kbpf-export-profile %t.kernel --objects=zcore -o %t.profile
// RUN: %bpfcc --kernel=%t.profile %s -o %t.1.o && cmp %t.1.o %t.2.o
// RUN: %bindir/kbpf-export-profile %t.kernel -o %t.profile
// RUN: %bpfcc --kernel=%t.profile %s -o %t.1.o && %bpfcc %s -o %t.2.o && cmp %t.1.o %t.2.o
#include "../relocator/Inputs/defs.h"
SEC("kprobe/do_open") int p(u64 *ctx) { return ktime_get_ns() > ctx[2]; }
