// SPDX-License-Identifier: MIT OR Apache-2.0
// An object that bpfcc has finished is no input for it.
// RUN: %bpfcc %s -o %t.o
// RUN: not %bpfcc %t.o -o %t.again.o 2>&1 | FileCheck %s
// CHECK: error: this is a finished object already (it has a section .kbpf.abi)
#include "../Inputs/defs.h"
SEC("kprobe/f") int p(void *ctx) { return 0; }
