// SPDX-License-Identifier: MIT OR Apache-2.0
// DWARF describes code where the compiler put it; a program with its own copies of functions is told by BTF only.
// RUN: %clang -target bpf -O2 -g -c %s -o %t.in.o
// RUN: llvm-readelf -S %t.in.o | FileCheck %s --check-prefix=INPUT
// RUN: %bpfcc %t.in.o -o %t.o
// RUN: llvm-readelf -S %t.o | FileCheck %s --implicit-check-not=.debug_
// INPUT: .debug_info
// CHECK: .BTF
#include "../Inputs/defs.h"
SEC("kprobe/f") int p(void *ctx) { return 0; }
