// SPDX-License-Identifier: MIT OR Apache-2.0
// Where a vmlinux.h comes from an -I the kernel is not known: what a traced function was called with is then followed by
// the program's own types. What is wrong by those is an error all the same.
// RUN: rm -rf %t && split-file %s %t
// RUN: %bpfcc -I%t %t/reads.c -o %t/reads.o
// RUN: not %bpfcc -I%t %t/writes.c -o %t/writes.o 2>&1 | FileCheck %s
// CHECK: writes.c:4:{{.*}}: error:
//--- vmlinux.h
typedef unsigned int __u32; typedef unsigned long long __u64; typedef unsigned short __u16; typedef unsigned char __u8;
typedef int __s32; typedef long long __s64; typedef short __s16; typedef signed char __s8;
typedef __u16 __be16; typedef __u32 __be32; typedef __u64 __be64; typedef __u32 __wsum; typedef __u16 __sum16;
typedef _Bool bool;
typedef __u64 u64; typedef __u32 u32;
enum bpf_map_type { BPF_MAP_TYPE_HASH = 1 };
#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
struct task_struct { int pid; struct task_struct *real_parent; };
#pragma clang attribute pop
//--- reads.c
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
SEC("tp_btf/sched_switch") int BPF_PROG(f, bool preempt, struct task_struct *prev, struct task_struct *next) {
  return prev->pid + next->real_parent->pid;
}
//--- writes.c
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
SEC("tp_btf/sched_switch") int BPF_PROG(f, bool preempt, struct task_struct *prev, struct task_struct *next) { prev->pid = 3; return 0; }
