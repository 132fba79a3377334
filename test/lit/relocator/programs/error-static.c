// SPDX-License-Identifier: MIT OR Apache-2.0
// A program must have a name that others can see.
// RUN: not %bpfcc %s --stop-after=resolve 2>&1 | FileCheck %s --implicit-check-not=error:
#include "../Inputs/defs.h"
// CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: program 'p' in SEC("kprobe/f") is static; a program must be visible outside its file
SEC("kprobe/f") static int p(void *ctx) { return 0; }
