// SPDX-License-Identifier: MIT OR Apache-2.0
// -imacros takes the macros of a file and none of its text, before any -include.
// RUN: rm -rf %t && split-file %s %t && cd %t
// RUN: %bpfcc -imacros macros.h -include included.h -c source.c -o source.o -MD -MF source.d
// RUN: llvm-objdump -d source.o | FileCheck %s
// RUN: FileCheck %s --check-prefix=RULE < source.d
// RUN: echo '#define NUMBER 9' > macros.h && %bpfcc -imacros macros.h -include included.h -c source.c -o source.o
// RUN: llvm-objdump -d source.o | FileCheck %s --check-prefix=CHANGED
// CHECK: w0 = 0x7
// RULE: macros.h
// CHANGED: w0 = 0x9
//--- macros.h
#define NUMBER 7
this is not C;
//--- included.h
enum { kNumber = NUMBER };
//--- source.c
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
SEC("kprobe/f") int f(void *ctx) { return kNumber; }
