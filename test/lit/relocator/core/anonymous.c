// SPDX-License-Identifier: MIT OR Apache-2.0
// Unnamed structures and unions are looked through, on either side.
// RUN: %bpfcc --abi=linux %S/Inputs/kernel.c -o %t.kernel.o
// RUN: %bpfcc --kernel-btf=%t.kernel.o -mcpu=v4 -fno-bpf-verify %s -o %t.o
// RUN: llvm-objdump -d --no-show-raw-insn %t.o | FileCheck %s
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#define CORE __attribute__((preserve_access_index))
struct task { union { short in_union; }; } CORE;
SEC("kprobe/f") int p(struct task *t) { return t->in_union; }
// CHECK: (r1 + 0x4c)
