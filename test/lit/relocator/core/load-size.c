// SPDX-License-Identifier: MIT OR Apache-2.0
// A load of an unsigned number takes its size in the kernel.
// RUN: %bpfcc --abi=linux %S/Inputs/kernel.c -o %t.kernel.o
// RUN: %bpfcc --kernel-btf=%t.kernel.o -fno-bpf-verify %s -o %t.o
// RUN: llvm-objdump -d --no-show-raw-insn %t.o | FileCheck %s
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#define CORE __attribute__((preserve_access_index))
struct task { unsigned wide; } CORE;
SEC("kprobe/f") int p(struct task *t) { return t->wide; }
// CHECK: *(u64 *)(r1 + 0x50)
