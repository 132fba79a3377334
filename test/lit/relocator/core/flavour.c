// SPDX-License-Identifier: MIT OR Apache-2.0
// What follows three underscores is not part of a name.
// RUN: %bpfcc --abi=linux %S/Inputs/kernel.c -o %t.kernel.o
// RUN: %bpfcc --kernel-btf=%t.kernel.o -fno-bpf-verify %s -o %t.o
// RUN: llvm-objdump -d --no-show-raw-insn %t.o | FileCheck %s
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#define CORE __attribute__((preserve_access_index))
struct task___mine { int pid; } CORE;
SEC("kprobe/f") int p(struct task___mine *t) { return t->pid; }
// CHECK: {{[rw]}}0 = *(u32 *)(r1 + 0x10)
