// SPDX-License-Identifier: MIT OR Apache-2.0
// RUN: %bpfcc -emit-llvm -S %s -o - | FileCheck %s
// RUN: %bpfcc -emit-llvm %s -o - | llvm-dis | FileCheck %s
// CHECK: define {{.*}}@probe(
int probe(void *ctx) { return 0; }
