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
// CHECK: [[#@LINE+1]]:{{[0-9]+}}: [[KIND]]: SEC("tp/a/b/c") of program 's': a tracepoint's target is CATEGORY/NAME
SEC("tp/a/b/c") int s(void *ctx) { return 0; }
// CHECK: [[#@LINE+1]]:{{[0-9]+}}: [[KIND]]: SEC("kprobe/") of program 't': there is no target behind the '/'
SEC("kprobe/") int t(void *ctx) { return 0; }
// CHECK: [[#@LINE+1]]:{{[0-9]+}}: warning: SEC("kprobe/two words") of program 'u': a probe's target is FUNCTION or FUNCTION+OFFSET
SEC("kprobe/two words") int u(void *ctx) { return 0; }
// CHECK: [[#@LINE+1]]:{{[0-9]+}}: warning: SEC("kprobe/f+x") of program 'v': a probe's target is FUNCTION or FUNCTION+OFFSET
SEC("kprobe/f+x") int v(void *ctx) { return 0; }
SEC("kprobe/f.isra.0+8") int w(void *ctx) { return 0; }
