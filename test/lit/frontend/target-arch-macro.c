// SPDX-License-Identifier: MIT OR Apache-2.0
// A host's __TARGET_ARCH_* does no harm for a kernel on RISC-V; for Linux it chooses the registers.
// RUN: %bpfcc -D__TARGET_ARCH_x86 -S %s -o - | FileCheck %s
// RUN: %bpfcc --abi=linux -D__TARGET_ARCH_x86 -S %s -o - | FileCheck %s --check-prefix=X86
// CHECK: r0 = *(u64 *)(r1 + 80)
// RUN: %bpfcc --abi=linux -D__TARGET_ARCH_arm64 -S %s -o - | FileCheck %s --check-prefix=ARM64
// X86: r0 = *(u64 *)(r1 + 112)
// ARM64: r0 = *(u64 *)(r1 + 0)
#include <bpf/bpf_tracing.h>
long first(struct pt_regs *ctx) { return PT_REGS_PARM1(ctx); }
