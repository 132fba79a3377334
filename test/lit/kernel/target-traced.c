// SPDX-License-Identifier: MIT OR Apache-2.0
// Programs for functions and events of the kernel's BTF: what is not there, with the nearest name. The kernel is the one that this
// compiler has types of.
// RUN: %bpfcc %s -o %t.o 2>&1 | FileCheck %s --implicit-check-not=warning:
// RUN: %bpfcc -Wno-kprobe-target %s -o %t.o 2>&1 | count 0
// RUN: not %bpfcc -Werror=kprobe-target %s -o %t.o 2>&1 | FileCheck %s --check-prefix=ERROR
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
SEC("fentry/sys_getpgid") int f0(void *ctx) { return 0; }
SEC("tp_btf/sched_switch") int t0(void *ctx) { return 0; }
SEC("fexit") int f1(void *ctx) { return 0; }
// CHECK: target-traced.c:[[@LINE+2]]:{{[0-9]+}}: warning: the kernel's BTF has no function 'sys_getpigd'; did you mean 'sys_getpid'? [-Wkprobe-target]
// ERROR: target-traced.c:[[@LINE+1]]:{{[0-9]+}}: error: the kernel's BTF has no function 'sys_getpigd'
SEC("fentry/sys_getpigd") int f2(void *ctx) { return 0; }
// CHECK: target-traced.c:[[@LINE+1]]:{{[0-9]+}}: warning: the kernel's BTF has no event 'sched_swich'; did you mean 'sched_switch'? [-Wkprobe-target]
SEC("tp_btf/sched_swich") int t1(void *ctx) { return 0; }
