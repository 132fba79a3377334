// SPDX-License-Identifier: MIT OR Apache-2.0
// A member of another kind is not the one that is meant.
// RUN: %bpfcc --abi=linux %S/Inputs/kernel.c -o %t.kernel.o
// RUN: %bpfcc --kernel-btf=%t.kernel.o -fno-bpf-verify %s -o %t.o
// RUN: llvm-objdump -d --no-show-raw-insn %t.o | FileCheck %s
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#define CORE __attribute__((preserve_access_index))
struct task { struct mm *pid; } CORE;
SEC("kprobe/f") int p(struct task *t) { return bpf_core_field_exists(t->pid); }
// CHECK: {{[rw]}}0 = 0x0
