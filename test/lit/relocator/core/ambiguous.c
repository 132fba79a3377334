// SPDX-License-Identifier: MIT OR Apache-2.0
// Two types of the kernel that both have the member, at different places.
// RUN: %bpfcc --abi=linux %S/Inputs/kernel.c -o %t.kernel.o
// RUN: not %bpfcc --kernel-btf=%t.kernel.o -fno-bpf-verify %s -o %t.o 2>&1 | FileCheck %s --implicit-check-not=error:
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#define CORE __attribute__((preserve_access_index))
struct ambiguous { int x; } CORE;
// CHECK: :[[#@LINE+1]]:{{[0-9]+}}: error: field 'ambiguous.x' is ambiguous: the kernel's types {{[0-9]+}} and {{[0-9]+}} differ in it
SEC("kprobe/f") int p(struct ambiguous *a) { return a->x; }
