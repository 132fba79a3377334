// SPDX-License-Identifier: MIT OR Apache-2.0
// A host's __TARGET_ARCH_* does no harm for a kernel on RISC-V; an object for Linux would read the wrong registers.
// RUN: %bpfcc -D__TARGET_ARCH_x86 -S %s -o - | FileCheck %s
// RUN: not %bpfcc --abi=linux -D__TARGET_ARCH_x86 -S %s -o %t.s 2>&1 | FileCheck %s --check-prefix=LINUX
// CHECK: r0 = *(u64 *)(r1 + 80)
// LINUX: error: "this bpf_tracing.h describes RISC-V registers
#include <bpf/bpf_tracing.h>
long first(struct pt_regs *ctx) { return PT_REGS_PARM1(ctx); }
