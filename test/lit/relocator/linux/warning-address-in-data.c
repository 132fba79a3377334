// SPDX-License-Identifier: MIT OR Apache-2.0
// libbpf leaves pointers in data as they are; so it is worth a word.
// RUN: %bpfcc --abi=linux %s -o %t.o 2>&1 | FileCheck %s
#include "../Inputs/defs.h"
int target = 1;
// CHECK: warning: initial value at .data+0x8 is the address of 'target', which no loader fills in (R_BPF_64_ABS64)
int *pointer = &target;
SEC("kprobe/f") int p(void *ctx) { return *pointer; }
