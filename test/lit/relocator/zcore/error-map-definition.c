// SPDX-License-Identifier: MIT OR Apache-2.0
// Maps are not defined in the object.
// RUN: not %bpfcc %s --abi=zcore --stop-after=resolve 2>&1 | FileCheck %s --implicit-check-not=error:
#include "../Inputs/defs.h"
HASH(counts);
// CHECK: [[#@LINE-1]]:1: error: kernels of profile 'zcore' have no map definitions; declare the map as 'extern int NAME;' and bind it by name when the object is loaded
int entry(u64 *ctx) { return 0; }
