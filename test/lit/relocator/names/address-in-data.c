// SPDX-License-Identifier: MIT OR Apache-2.0
// Initialised pointers would need a loader that patches data.
// RUN: not %bpfcc %s --stop-after=resolve 2>&1 | FileCheck %s --implicit-check-not=error:
#include "../Inputs/defs.h"
int target = 1;
// CHECK: error: initial value at .data+0x8 is the address of 'target', which no loader fills in (R_BPF_64_ABS64)
int *pointer = &target;
SEC("kprobe/f") int p(void *ctx) { return *pointer; }
