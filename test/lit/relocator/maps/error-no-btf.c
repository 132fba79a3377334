// SPDX-License-Identifier: MIT OR Apache-2.0
// Definitions are types, so they need BTF.
// RUN: %clang -target bpf -O2 -c %s -o %t.o
// RUN: not %bpfcc %t.o -o %t.out 2>&1 | FileCheck %s --implicit-check-not=error:
#include "../Inputs/defs.h"
HASH(m);
// CHECK: error: maps in .maps are defined by their types, but the object has no .BTF section (compile with -g)
SEC("kprobe/f") int p(void *ctx) { return 0; }
