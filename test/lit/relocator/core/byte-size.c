// SPDX-License-Identifier: MIT OR Apache-2.0
// The size of a member is the kernel one.
// RUN: %bpfcc --abi=linux %S/Inputs/kernel.c -o %t.kernel.o
// RUN: %bpfcc --kernel-btf=%t.kernel.o -fno-bpf-verify %s -o %t.o
// RUN: llvm-objdump -d --no-show-raw-insn %t.o | FileCheck %s
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#define CORE __attribute__((preserve_access_index))
struct task { int mms; long text; int pid; int values[9]; int wide; } CORE;
SEC("kprobe/f") int p(struct task *t) { return bpf_core_field_size(t->pid) * 100 + bpf_core_field_size(t->wide); }
// 4 * 100 + 8, with the constants in place
// CHECK-DAG: = 0x4{{$}}
// CHECK-DAG: 0x8{{$}}
