// SPDX-License-Identifier: MIT OR Apache-2.0
// A type without a name has an id in the program.
// RUN: %bpfcc --abi=linux %s -o %t.o
// RUN: llvm-objdump -d --no-show-raw-insn %t.o | FileCheck %s
// RUN: %bpfcc --abi=linux %S/Inputs/kernel.c -o %t.kernel.o
// RUN: %bpfcc --kernel-btf=%t.kernel.o %s -o %t.o
// RUN: llvm-objdump -d --no-show-raw-insn %t.o | FileCheck %s
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
SEC("kprobe/f") int p(void *ctx) { return bpf_core_type_id_local(struct { int any; }); }
// CHECK: r0 = 0x{{[1-9a-f]}} ll
