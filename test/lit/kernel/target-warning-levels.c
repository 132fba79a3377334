// SPDX-License-Identifier: MIT OR Apache-2.0
// The warning about targets can be switched off, made an error, and on again: the last of the options counts.
// RUN: %clang -x c++ -O2 -g -c %S/Inputs/kernel.cpp -o %t.kernel
// RUN: %bpfcc --kernel=%t.kernel -Wno-kprobe-target %s -o %t.o 2>&1 | count 0
// RUN: rm -f %t.o
// RUN: not %bpfcc --kernel=%t.kernel -Werror=kprobe-target %s -o %t.o 2>&1 | FileCheck %s --check-prefix=ERROR
// RUN: test ! -e %t.o
// RUN: not %bpfcc --kernel=%t.kernel -Werror %s -o %t.o 2>&1 | FileCheck %s --check-prefix=ERROR
// RUN: %bpfcc --kernel=%t.kernel -Werror=kprobe-target -Wkprobe-target %s -o %t.o 2>&1 | FileCheck %s --check-prefix=WARNING
// RUN: %bpfcc --kernel=%t.kernel -w %s -o %t.o 2>&1 | count 0
#include "../relocator/Inputs/defs.h"
// ERROR: [[@LINE+2]]:{{[0-9]+}}: error: the kernel has no function 'nowhere' [-Wkprobe-target]
// WARNING: [[@LINE+1]]:{{[0-9]+}}: warning: the kernel has no function 'nowhere' [-Wkprobe-target]
SEC("kprobe/nowhere") int p(void *ctx) { return 0; }
