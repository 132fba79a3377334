// SPDX-License-Identifier: MIT OR Apache-2.0
// A function of which the compiler left only a copy with other arguments: the copies are listed.
// RUN: %clang -x c++ -O2 -g -c %S/Inputs/kernel.cpp -o %t.kernel
// RUN: %bpfcc --kernel=%t.kernel %s -o %t.o 2>&1 | FileCheck %s --implicit-check-not=warning:
#include "../relocator/Inputs/defs.h"
// CHECK: target-copies.c:[[@LINE+1]]:{{[0-9]+}}: warning: function 'do_close' is in the kernel only as copies that the compiler made, whose arguments may be others: 'do_close.isra.0' at 0x{{[0-9a-f]+}} [-Wkprobe-target]
SEC("kprobe/do_close") int p(void *ctx) { return 0; }
