// SPDX-License-Identifier: MIT OR Apache-2.0
// A bare name says what the program is and leaves open where it attaches.
// RUN: %bpfcc %s --stop-after=collect_programs --print-after=collect_programs | FileCheck %s
#include "../Inputs/defs.h"
SEC("kprobe") int p(void *ctx) { return 0; }
// CHECK: program 0 p section kprobe type kprobe{{$}}
