// SPDX-License-Identifier: MIT OR Apache-2.0
// kretprobe@entry/FUNCTION.
// RUN: %bpfcc %s --stop-after=collect_programs --print-after=collect_programs | FileCheck %s
#include "../Inputs/defs.h"
SEC("kretprobe@entry/do_sys_open") int p(void *ctx) { return 0; }
// CHECK: program 0 p section kretprobe@entry/do_sys_open type kprobe target do_sys_open{{$}}
