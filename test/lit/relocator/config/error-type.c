// SPDX-License-Identifier: MIT OR Apache-2.0
// A type that the value does not fit.
// RUN: not %bpfcc %s -DTYPE=char --stop-after=resolve 2>&1 | FileCheck %s
// RUN: not %bpfcc %s -DTYPE=short --stop-after=resolve 2>&1 | FileCheck %s
// RUN: %bpfcc %s -DTYPE=long -o %t.o
#include "../Inputs/defs.h"
extern TYPE LINUX_KERNEL_VERSION __attribute__((section(".kconfig")));
// CHECK: error: 'LINUX_KERNEL_VERSION' is the number 394752, which its type cannot hold
SEC("kprobe/f") int p(void *ctx) { return LINUX_KERNEL_VERSION > 4; }
