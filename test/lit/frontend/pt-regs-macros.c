// SPDX-License-Identifier: MIT OR Apache-2.0
// RUN: %bpfcc -S %s -o - | FileCheck %s
#include <bpf/bpf_tracing.h>
// CHECK-LABEL: first:
// CHECK: r0 = *(u64 *)(r1 + 80)
long first(struct pt_regs *ctx) { return PT_REGS_PARM1(ctx); }
// CHECK-LABEL: eighth:
// CHECK: r0 = *(u64 *)(r1 + 136)
long eighth(struct pt_regs *ctx) { return PT_REGS_PARM8(ctx); }
// CHECK-LABEL: result:
// CHECK: r0 = *(u64 *)(r1 + 80)
long result(struct pt_regs *ctx) { return PT_REGS_RC(ctx); }
// CHECK-LABEL: address:
// CHECK: r0 = *(u64 *)(r1 + 0)
long address(struct pt_regs *ctx) { return PT_REGS_IP(ctx); }
// CHECK-LABEL: return_address:
// CHECK: r0 = *(u64 *)(r1 + 8)
long return_address(struct pt_regs *ctx) { return PT_REGS_RET(ctx); }
// CHECK-LABEL: stack:
// CHECK: r0 = *(u64 *)(r1 + 16)
long stack(struct pt_regs *ctx) { return PT_REGS_SP(ctx); }
// CHECK-LABEL: frame:
// CHECK: r0 = *(u64 *)(r1 + 64)
long frame(struct pt_regs *ctx) { return PT_REGS_FP(ctx); }
// CHECK-LABEL: syscall_first:
// CHECK: r0 = *(u64 *)(r1 + 280)
long syscall_first(struct pt_regs *ctx) { return PT_REGS_PARM1_SYSCALL(ctx); }
