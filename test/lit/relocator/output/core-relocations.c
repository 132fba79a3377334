// SPDX-License-Identifier: MIT OR Apache-2.0
// CO-RE records stay in .BTF.ext, at the place where the access went.
// RUN: %bpfcc -fno-bpf-verify %s -o %t.o
// RUN: %bpfcc --abi=linux %t.o --stop-after=read_elf --print-after=read_elf | FileCheck %s
#include "../Inputs/defs.h"
struct task { int pid, tgid; } __attribute__((preserve_access_index));
static __noinline int callee(struct task *task) { return task->tgid; }
SEC("kprobe/f") int p(void *ctx) { return callee(ctx) + 1; }
// CHECK: core kprobe/f+0x{{[0-9a-f]+}} task 0:1 kind 0
