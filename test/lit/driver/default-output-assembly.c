// SPDX-License-Identifier: MIT OR Apache-2.0
// -S writes FILE.s.
// RUN: rm -rf %t && mkdir -p %t && cd %t && %bpfcc -S %s
// RUN: FileCheck %s < %t/default-output-assembly.s
// CHECK: probe:
// CHECK: exit
int probe(void *ctx) { return 0; }
