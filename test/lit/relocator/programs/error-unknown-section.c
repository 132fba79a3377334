// SPDX-License-Identifier: MIT OR Apache-2.0
// A section name that no program type has, with the nearest.
// RUN: not %bpfcc %s --stop-after=resolve 2>&1 | FileCheck %s --implicit-check-not=error:
#include "../Inputs/defs.h"
// CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: SEC("kprob/f") of program 'p' names no program type of profile 'kbpf'; did you mean 'kprobe'?
SEC("kprob/f") int p(void *ctx) { return 0; }
