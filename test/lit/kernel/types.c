// SPDX-License-Identifier: MIT OR Apache-2.0
// The profile has the kernel's types: vmlinux.h is made of them, and accesses are relocated to them.
// RUN: split-file %s %t
// RUN: %clang -target bpf -O2 -g -c %t/kernel.c -o %t/types.o
// RUN: %bindir/kbpf-export-profile %bindir/embedder --no-functions --btf %t/types.o -o %t/k.profile
// RUN: %bpfcc --kernel=%t/k.profile %t/p.c -o %t/p.o && llvm-objdump -d %t/p.o | FileCheck %s
// CHECK: *(u32 *)(r1 + 0x18)
//--- kernel.c
struct task { long filler[3]; int wanted; } task;
//--- p.c
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
SEC("raw_tracepoint/x") int p(struct task *ctx) { return ctx->wanted; }
