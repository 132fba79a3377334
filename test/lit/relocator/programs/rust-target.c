// SPDX-License-Identifier: MIT OR Apache-2.0
// Targets may be paths of other languages.
// RUN: %bpfcc %s --stop-after=collect_programs --print-after=collect_programs | FileCheck %s
#include "../Inputs/defs.h"
SEC("kprobe/linux_syscall::file::fd::<impl linux_syscall::Syscall>::sys_openat") int p(void *ctx) { return 0; }
// CHECK: program 0 p section {{.*}} target linux_syscall::file::fd::<impl linux_syscall::Syscall>::sys_openat{{$}}
