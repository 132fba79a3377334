// SPDX-License-Identifier: MIT OR Apache-2.0
// An offset behind the function's end, and one that is no number.
// RUN: %clang -x c++ -O2 -g -c %S/Inputs/kernel.cpp -o %t.kernel
// RUN: %bpfcc --kernel=%t.kernel %s -o %t.o 2>&1 | FileCheck %s --implicit-check-not=warning:
#include "../relocator/Inputs/defs.h"
// CHECK: warning: SEC("kprobe/do_open+x") of program 'p1': a probe's target is FUNCTION or FUNCTION+OFFSET
// CHECK: [[@LINE+1]]:{{[0-9]+}}: warning: offset 0x1000 is outside of function 'do_open', which has {{[0-9]+}} bytes [-Wkprobe-target]
SEC("kprobe/do_open+0x1000") int p0(void *ctx) { return 0; }
SEC("kprobe/do_open+x") int p1(void *ctx) { return 0; }
