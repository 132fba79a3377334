// SPDX-License-Identifier: MIT OR Apache-2.0
// Targets of a form that nothing can be attached to. For Linux user space may name others.
// RUN: not %bpfcc %s --stop-after=resolve 2>&1 | FileCheck %s --implicit-check-not=error: -DKIND=error
// RUN: %bpfcc --abi=linux %s -o %t.o 2>&1 | FileCheck %s --implicit-check-not=warning: -DKIND=warning
#include "../Inputs/defs.h"
// CHECK: [[#@LINE+1]]:{{[0-9]+}}: [[KIND]]: SEC("kretprobe/do_sys_open+0x10") of program 'p': a function returns to its caller, so a kretprobe has no offset; leave it out, or write kprobe
SEC("kretprobe/do_sys_open+0x10") int p(void *ctx) { return 0; }
// CHECK: [[#@LINE+1]]:{{[0-9]+}}: [[KIND]]: SEC("tp/syscalls") of program 'q': a tracepoint's target is CATEGORY/NAME
SEC("tp/syscalls") int q(void *ctx) { return 0; }
SEC("tp/syscalls/sys_enter_openat") int r(void *ctx) { return 0; }
