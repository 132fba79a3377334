// SPDX-License-Identifier: MIT OR Apache-2.0
// A leading ? says that the program is loaded on demand.
// RUN: %bpfcc %s --stop-after=collect_programs --print-after=collect_programs | FileCheck %s
#include "../Inputs/defs.h"
SEC("?kprobe/f") int p(void *ctx) { return 0; }
// CHECK: program 0 p section kprobe/f type kprobe target f no-autoload
