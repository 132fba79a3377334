// SPDX-License-Identifier: MIT OR Apache-2.0
// kprobe/FUNCTION+OFFSET: the kernel splits the target.
// RUN: %bpfcc %s --stop-after=collect_programs --print-after=collect_programs | FileCheck %s
#include "../Inputs/defs.h"
SEC("kprobe/do_sys_open+0x10") int p(void *ctx) { return 0; }
// CHECK: program 0 p section kprobe/do_sys_open+0x10 type kprobe target do_sys_open+0x10{{$}}
