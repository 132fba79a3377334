// SPDX-License-Identifier: MIT OR Apache-2.0
// tp/CATEGORY/NAME.
// RUN: %bpfcc --abi=linux %s --stop-after=collect_programs --print-after=collect_programs | FileCheck %s
#include "../Inputs/defs.h"
SEC("tp/syscalls/sys_enter_openat") int p(void *ctx) { return 0; }
// CHECK: program 0 p section tp/syscalls/sys_enter_openat type tracepoint target syscalls/sys_enter_openat
