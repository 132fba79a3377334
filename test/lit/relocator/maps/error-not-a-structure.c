// SPDX-License-Identifier: MIT OR Apache-2.0
// A map is defined by a structure.
// RUN: not %bpfcc %s --stop-after=resolve 2>&1 | FileCheck %s --implicit-check-not=error:
#include "../Inputs/defs.h"
int m SEC(".maps");
// CHECK: error: map 'm': a map in .maps is defined by a structure: struct { __uint(type, ...); ... }
SEC("kprobe/f") int p(void *ctx) { return 0; }
