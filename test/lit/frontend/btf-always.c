// SPDX-License-Identifier: MIT OR Apache-2.0
// BTF without -g, and no DWARF with it; -g keeps DWARF.
// RUN: %bpfcc %s --stop-after=frontend -o %t.o
// RUN: llvm-readelf -S %t.o | FileCheck %s --implicit-check-not=.debug_info --implicit-check-not=.debug_line
// RUN: %bpfcc -g %s --stop-after=frontend -o %t.g.o
// RUN: llvm-readelf -S %t.g.o | FileCheck %s --check-prefix=DWARF
// CHECK: .BTF
// CHECK: .BTF.ext
// DWARF: .debug_info
// DWARF: .BTF
int probe(void *ctx) { return 0; }
