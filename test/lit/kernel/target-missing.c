// SPDX-License-Identifier: MIT OR Apache-2.0
// A target that no function of the kernel has, with the nearest name.
// RUN: %clang -x c++ -O2 -g -c %S/Inputs/kernel.cpp -o %t.kernel
// RUN: %bpfcc --kernel=%t.kernel %s -o %t.o 2>&1 | FileCheck %s --implicit-check-not=warning:
#include "../relocator/Inputs/defs.h"
// CHECK: target-missing.c:[[@LINE+1]]:{{[0-9]+}}: warning: the kernel has no function 'do_opne'; did you mean 'do_open'? [-Wkprobe-target]
SEC("kprobe/do_opne") int p0(void *ctx) { return 0; }
// CHECK: target-missing.c:[[@LINE+1]]:{{[0-9]+}}: warning: the kernel has no function 'something_else_entirely' [-Wkprobe-target]
SEC("kretprobe@entry/something_else_entirely") int p1(void *ctx) { return 0; }
