// SPDX-License-Identifier: MIT OR Apache-2.0
// A program in a SEC() section is placed in .text.
// RUN: %bpfcc --abi=zcore %s -o %t.o
// RUN: llvm-readelf -S -s -r %t.o | FileCheck %s
#include "../Inputs/defs.h"
SEC("kprobe/f") int entry(void *ctx) { return 0; }
// CHECK-NOT: kprobe/f
// CHECK: .text PROGBITS
// CHECK: FUNC GLOBAL DEFAULT 1 entry
