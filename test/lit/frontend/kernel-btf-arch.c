// SPDX-License-Identifier: MIT OR Apache-2.0
// The kernel's registers choose the calling convention; a -D of the user's wins.
// RUN: %bpfcc --abi=linux -DKERNEL %s -o %t.kernel.o
// RUN: %bpfcc --abi=linux --kernel-btf=%t.kernel.o -S %s -o - | FileCheck %s
// RUN: not %bpfcc --abi=linux --kernel-btf=%t.kernel.o -D__TARGET_ARCH_arm -S %s -o - 2>&1 | FileCheck %s --check-prefix=ARM
// CHECK: r0 = *(u64 *)(r1 + 8)
// ARM: no member named 'uregs'
#ifdef KERNEL
#include <bpf/bpf_helpers.h>
struct pt_regs {
  unsigned long before, di, ip;
};
SEC("kprobe/f") int p(struct pt_regs *regs) { return regs->di; }
#else
#include "vmlinux.h"
#include <bpf/bpf_tracing.h>
long first(struct pt_regs *ctx) { return PT_REGS_PARM1(ctx); }
#endif
