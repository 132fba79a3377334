// SPDX-License-Identifier: MIT OR Apache-2.0
// Enumerators by name, of 32 and of 64 bits.
// RUN: %bpfcc --abi=linux %S/Inputs/kernel.c -o %t.kernel.o
// RUN: %bpfcc --kernel-btf=%t.kernel.o -fno-bpf-verify %s -o %t.o
// RUN: llvm-objdump -d --no-show-raw-insn %t.o | FileCheck %s
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#define CORE __attribute__((preserve_access_index))
enum state { IDLE, BUSY, NEGATIVE, GONE };
enum huge { HUGE = 1ull << 33 };
SEC("kprobe/f") long value(void *ctx) { return bpf_core_enum_value(enum state, BUSY); }
SEC("kprobe/f") long negative(void *ctx) { return bpf_core_enum_value(enum state, NEGATIVE); }
SEC("kprobe/f") long wide(void *ctx) { return bpf_core_enum_value(enum huge, HUGE); }
SEC("kprobe/f") int yes(void *ctx) { return bpf_core_enum_value_exists(enum state, IDLE); }
SEC("kprobe/f") int no(void *ctx) { return bpf_core_enum_value_exists(enum state, GONE); }
// CHECK: <value>:
// CHECK-NEXT: {{[rw]}}0 = 0x28
// CHECK: <negative>:
// CHECK-NEXT: r0 = -0x2
// CHECK: <wide>:
// CHECK-NEXT: r0 = 0x123456789abc
// CHECK: <yes>:
// CHECK-NEXT: {{[rw]}}0 = 0x1
// CHECK: <no>:
// CHECK-NEXT: {{[rw]}}0 = 0x0
