// SPDX-License-Identifier: MIT OR Apache-2.0
// A failed compilation leaves the old output as it was, and no temporary file.
// RUN: rm -rf %t && mkdir -p %t && echo old > %t/out.o
// RUN: not %bpfcc %s -o %t/out.o
// RUN: FileCheck %s < %t/out.o
// RUN: ls %t | FileCheck %s --check-prefix=LS
// CHECK: old
// LS: out.o
// LS-NOT: {{.}}
int probe(void *ctx) { return missing; }
