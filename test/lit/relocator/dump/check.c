// SPDX-License-Identifier: MIT OR Apache-2.0
// --check: what an object's BTF says of its code is true, or an error.
// RUN: %bpfcc %s -o %t.o && %bpfcc --dump --check %t.o | FileCheck %s --check-prefix=SOUND
// RUN: %clang -target bpf -O2 -g -c %s -o %t.plain.o && %bpfcc --dump --check %t.plain.o
// RUN: llvm-objcopy --redefine-sym probe=other %t.o %t.renamed.o
// RUN: not %bpfcc --dump --check %t.renamed.o 2>&1 | FileCheck %s --check-prefix=RENAMED
// clang itself leaves C's name in the types of a function that __asm__ renames.
// RUN: llvm-objcopy --redefine-sym probe=other %t.plain.o %t.renamed.o && %bpfcc --dump --check %t.renamed.o
// RUN: not %bpfcc --check %s -o %t.o 2>&1 | FileCheck %s --check-prefix=ALONE
#include "../Inputs/defs.h"
SEC("kprobe/f") int probe(int *ctx) { return *ctx; }
// SOUND: probe
// RENAMED: error: function 'other' at kprobe/f+0x0 has type {{[0-9]+}}, 'probe'
// ALONE: error: --check goes with --dump
