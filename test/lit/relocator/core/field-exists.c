// SPDX-License-Identifier: MIT OR Apache-2.0
// A question whether a member exists becomes 1 or 0.
// RUN: %bpfcc --abi=linux %S/Inputs/kernel.c -o %t.kernel.o
// RUN: %bpfcc --kernel-btf=%t.kernel.o -fno-bpf-verify %s -o %t.o
// RUN: llvm-objdump -d --no-show-raw-insn %t.o | FileCheck %s
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#define CORE __attribute__((preserve_access_index))
struct task { int pid, gone; } CORE;
SEC("kprobe/f") int yes(struct task *t) { return bpf_core_field_exists(t->pid); }
SEC("kprobe/f") int no(struct task *t) { return bpf_core_field_exists(t->gone); }
// CHECK: <yes>:
// CHECK-NEXT: {{[rw]}}0 = 0x1
// CHECK: <no>:
// CHECK-NEXT: {{[rw]}}0 = 0x0
