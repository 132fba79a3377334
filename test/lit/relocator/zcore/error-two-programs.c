// SPDX-License-Identifier: MIT OR Apache-2.0
// One program is all that an object can hold.
// RUN: not %bpfcc %s --abi=zcore --stop-after=resolve 2>&1 | FileCheck %s --implicit-check-not=error:
#include "../Inputs/defs.h"
SEC("kprobe/f") int p(void *ctx) { return 0; }
// CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: an object of profile 'zcore' holds one program; 'q' is a second one beside 'p'
SEC("kprobe/g") int q(void *ctx) { return 0; }
