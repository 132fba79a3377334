// SPDX-License-Identifier: MIT OR Apache-2.0
// Types of a name and kind.
// RUN: %bpfcc --abi=linux %S/Inputs/kernel.c -o %t.kernel.o
// RUN: %bpfcc --kernel-btf=%t.kernel.o -fno-bpf-verify %s -o %t.o
// RUN: llvm-objdump -d --no-show-raw-insn %t.o | FileCheck %s
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#define CORE __attribute__((preserve_access_index))
struct mm { int any; };
struct gone { int any; };
union task { int any; };
SEC("kprobe/f") int yes(void *ctx) { return bpf_core_type_exists(struct mm); }
SEC("kprobe/f") int no(void *ctx) { return bpf_core_type_exists(struct gone); }
SEC("kprobe/f") int kind(void *ctx) { return bpf_core_type_exists(union task); }
// CHECK: <yes>:
// CHECK-NEXT: {{[rw]}}0 = 0x1
// CHECK: <no>:
// CHECK-NEXT: {{[rw]}}0 = 0x0
// CHECK: <kind>:
// CHECK-NEXT: {{[rw]}}0 = 0x0
