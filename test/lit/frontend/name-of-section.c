// SPDX-License-Identifier: MIT OR Apache-2.0
// clang's assembler refuses a variable with its section's name. Functions keep their names, so they must differ.
// RUN: %bpfcc %s -o %t.o && llvm-readelf -S %t.o | FileCheck %s
// RUN: not %bpfcc -DFUNCTION %s -o %t.o 2>&1 | FileCheck %s --check-prefix=FUNCTION
// CHECK: license
char license[] __attribute__((section("license"))) = "GPL";
#ifdef FUNCTION
// FUNCTION: [[#@LINE+1]]:{{[0-9]+}}: error: function 'kprobe' has the name of a section: rename one of them
__attribute__((section("kprobe"))) int kprobe(void *ctx) { return 0; }
#else
__attribute__((section("kprobe"))) int probe(void *ctx) { return 0; }
#endif
