// SPDX-License-Identifier: MIT OR Apache-2.0
// An element of an array of structures: both sizes count.
// RUN: %bpfcc --abi=linux %S/Inputs/kernel.c -o %t.kernel.o
// RUN: %bpfcc --kernel-btf=%t.kernel.o -fno-bpf-verify %s -o %t.o
// RUN: llvm-objdump -d --no-show-raw-insn %t.o | FileCheck %s
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#define CORE __attribute__((preserve_access_index))
struct mm { struct task *owner; } CORE;
struct task { struct mm mms[2]; } CORE;
SEC("kprobe/f") long p(struct task *t) { return (long)t->mms[1].owner; }
// 96 + 16 + 8
// CHECK: r0 = *(u64 *)(r1 + 0x78)
