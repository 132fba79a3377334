// SPDX-License-Identifier: MIT OR Apache-2.0
// A version is an int.
// RUN: not %bpfcc %s --stop-after=resolve 2>&1 | FileCheck %s --implicit-check-not=error:
#include "../Inputs/defs.h"
// CHECK: error: section 'version' has 8 bytes, expected an int of 4
long number SEC("version") = 1;
SEC("kprobe/f") int p(void *ctx) { return 0; }
