// SPDX-License-Identifier: MIT OR Apache-2.0
// A function that was inlined wherever it is called has no code to probe.
// RUN: %clang -x c++ -O2 -g -c %S/Inputs/kernel.cpp -o %t.kernel
// RUN: %bpfcc --kernel=%t.kernel %s -o %t.o 2>&1 | FileCheck %s --implicit-check-not=warning:
// RUN: %bindir/kbpf-export-profile %t.kernel -o %t.profile
// RUN: %bpfcc --kernel=%t.profile %s -o %t.o 2>&1 | FileCheck %s --implicit-check-not=warning:
#include "../relocator/Inputs/defs.h"
// CHECK: target-inlined.c:[[@LINE+1]]:{{[0-9]+}}: warning: function 'tiny_helper' is inlined wherever the kernel calls it: it has no code of its own to probe [-Wkprobe-target]
SEC("kprobe/tiny_helper") int p(void *ctx) { return 0; }
