// SPDX-License-Identifier: MIT OR Apache-2.0
// The size is the kernel one; 0 where there is no such type.
// RUN: %bpfcc --abi=linux %S/Inputs/kernel.c -o %t.kernel.o
// RUN: %bpfcc --kernel-btf=%t.kernel.o -fno-bpf-verify %s -o %t.o
// RUN: llvm-objdump -d --no-show-raw-insn %t.o | FileCheck %s
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#define CORE __attribute__((preserve_access_index))
struct mm { int any; };
struct gone { int any; };
SEC("kprobe/f") int yes(void *ctx) { return bpf_core_type_size(struct mm); }
SEC("kprobe/f") int no(void *ctx) { return bpf_core_type_size(struct gone); }
// CHECK: <yes>:
// CHECK-NEXT: {{[rw]}}0 = 0x10
// CHECK: <no>:
// CHECK-NEXT: {{[rw]}}0 = 0x0
