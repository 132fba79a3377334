// SPDX-License-Identifier: MIT OR Apache-2.0
// A load of a signed number must have its size.
// RUN: %bpfcc --abi=linux %S/Inputs/kernel.c -o %t.kernel.o
// RUN: not %bpfcc --kernel-btf=%t.kernel.o %s -o %t.o 2>&1 | FileCheck %s --implicit-check-not=error:
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#define CORE __attribute__((preserve_access_index))
struct task { int signed_wide; } CORE;
// CHECK: :[[#@LINE+1]]:{{[0-9]+}}: error: the kernel has no field 'task.signed_wide' of a size that this access can have
SEC("kprobe/f") int p(struct task *t) { return t->signed_wide; }
