// SPDX-License-Identifier: MIT OR Apache-2.0
// Applied records leave the object.
// RUN: %bpfcc --abi=linux %S/Inputs/kernel.c -o %t.kernel.o
// RUN: %bpfcc --kernel-btf=%t.kernel.o -fno-bpf-verify %s -o %t.o
// RUN: llvm-objdump -d --no-show-raw-insn %t.o | FileCheck %s
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#define CORE __attribute__((preserve_access_index))
struct task { int pid; } CORE;
SEC("kprobe/f") int p(struct task *t) { return t->pid; }
// CHECK: 0x10
// RUN: %bpfcc --abi=linux %t.o -o %t.again --stop-after=read_elf --print-after=read_elf | FileCheck %s --check-prefix=RECORDS --implicit-check-not=core
// RECORDS: section
