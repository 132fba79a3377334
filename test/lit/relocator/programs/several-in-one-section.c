// SPDX-License-Identifier: MIT OR Apache-2.0
// Section names are not unique; each program is found by its symbol.
// RUN: %bpfcc %s --stop-after=collect_programs --print-after=collect_programs | FileCheck %s
#include "../Inputs/defs.h"
SEC("kprobe/f") int p(void *ctx) { return 0; }
SEC("kprobe/f") int q(void *ctx) { return 1; }
// CHECK: program 0 p section kprobe/f
// CHECK: program 1 q section kprobe/f
