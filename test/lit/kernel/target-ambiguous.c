// SPDX-License-Identifier: MIT OR Apache-2.0
// A name that several functions have: all are listed.
// RUN: %clang -x c++ -O2 -g -c %S/Inputs/kernel.cpp -o %t.kernel
// RUN: %bpfcc --kernel=%t.kernel %s -o %t.o 2>&1 | FileCheck %s --implicit-check-not=warning:
#include "../relocator/Inputs/defs.h"
// CHECK: target-ambiguous.c:[[@LINE+1]]:{{[0-9]+}}: warning: several functions of the kernel are called 'twin': 'twin(int)' at 0x{{[0-9a-f]+}}, 'twin(long)' at 0x{{[0-9a-f]+}} [-Wkprobe-target]
SEC("kprobe/twin") int p(void *ctx) { return 0; }
