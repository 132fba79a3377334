// SPDX-License-Identifier: MIT OR Apache-2.0
// A pattern that no function matches.
// RUN: %clang -x c++ -O2 -g -c %S/Inputs/kernel.cpp -o %t.kernel
// RUN: %bpfcc --abi=linux --kernel=%t.kernel %s -o %t.o 2>&1 | FileCheck %s --implicit-check-not=warning:
#include "../relocator/Inputs/defs.h"
// CHECK: [[@LINE+1]]:{{[0-9]+}}: warning: no function of the kernel matches 'sys_*_at?' [-Wkprobe-target]
SEC("kprobe.multi/sys_*_at?") int p(void *ctx) { return 0; }
