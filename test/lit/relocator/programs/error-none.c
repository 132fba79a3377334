// SPDX-License-Identifier: MIT OR Apache-2.0
// An object of functions only has nothing to run.
// RUN: not %bpfcc %s --stop-after=resolve 2>&1 | FileCheck %s --implicit-check-not=error:
#include "../Inputs/defs.h"
int helper(int *a) { return *a; }
// CHECK: [[#@LINE-1]]:5: error: the object holds no program; a SEC("...") before 'helper' says what runs it
