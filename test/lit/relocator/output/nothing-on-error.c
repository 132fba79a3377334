// SPDX-License-Identifier: MIT OR Apache-2.0
// After an error no file is written.
// RUN: rm -f %t.o
// RUN: not %bpfcc %s -o %t.o
// RUN: not ls %t.o
#include "../Inputs/defs.h"
u64 unknown(void);
SEC("kprobe/f") int p(void *ctx) { return unknown(); }
