// SPDX-License-Identifier: MIT OR Apache-2.0
// The stages stay beside the output; warnings are printed once.
// RUN: rm -rf %t && mkdir %t
// RUN: %bpfcc -save-temps %s -o %t/out.o 2>&1 | FileCheck %s --check-prefix=WARNING
// RUN: FileCheck %s --check-prefix=SOURCE < %t/out.i
// RUN: FileCheck %s --check-prefix=ASSEMBLY < %t/out.s
// RUN: llvm-bcanalyzer %t/out.bc | FileCheck %s --check-prefix=BITCODE
// RUN: llvm-readelf -h %t/out.o
// WARNING-COUNT-1: warning: careful
// WARNING-NOT: warning: careful
// SOURCE: int answer
// ASSEMBLY: w0 = 42
// BITCODE: MODULE_BLOCK
#warning careful
__attribute__((section("kprobe/f"))) int answer(void *ctx) { return 42; }
