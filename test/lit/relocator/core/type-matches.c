// SPDX-License-Identifier: MIT OR Apache-2.0
// A type matches if the kernel has all of its members, of the same types.
// RUN: %bpfcc --abi=linux %S/Inputs/kernel.c -o %t.kernel.o
// RUN: %bpfcc --kernel-btf=%t.kernel.o -fno-bpf-verify %s -o %t.o
// RUN: llvm-objdump -d --no-show-raw-insn %t.o | FileCheck %s
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#define CORE __attribute__((preserve_access_index))
struct mm { struct task *owner; };
struct mm___more { struct task *owner; int more; };
struct mm___size { long before; };
SEC("kprobe/f") int yes(void *ctx) { return bpf_core_type_matches(struct mm); }
SEC("kprobe/f") int more(void *ctx) { return bpf_core_type_matches(struct mm___more); }
SEC("kprobe/f") int size(void *ctx) { return bpf_core_type_matches(struct mm___size); }
// CHECK: <yes>:
// CHECK-NEXT: {{[rw]}}0 = 0x1
// CHECK: <more>:
// CHECK-NEXT: {{[rw]}}0 = 0x0
// CHECK: <size>:
// CHECK-NEXT: {{[rw]}}0 = 0x0
