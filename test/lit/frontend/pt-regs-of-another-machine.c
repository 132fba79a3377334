// SPDX-License-Identifier: MIT OR Apache-2.0
// A project's vmlinux.h is that of its developers' machine. For kbpf the registers are those of the kernel all the same.
// RUN: split-file %s %t
// RUN: %bpfcc -O2 -D__TARGET_ARCH_x86 -I%t %t/trace.c -o %t.o
// RUN: llvm-objdump -d --no-show-raw-insn %t.o | FileCheck %s
// CHECK-LABEL: <arguments>:
// CHECK: *(u64 *)(r1 + 0x58)
// CHECK-LABEL: <registers>:
// CHECK-DAG: *(u64 *)(r1 + 0x0)
// CHECK-DAG: *(u64 *)(r1 + 0x10)
// CHECK-DAG: *(u64 *)(r1 + 0x118)
//--- vmlinux.h
#ifndef __VMLINUX_H__
#define __VMLINUX_H__
typedef unsigned char __u8;
typedef unsigned short __u16;
typedef int __s32;
typedef unsigned __u32;
typedef long long __s64;
typedef unsigned long long __u64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;
struct pt_regs { unsigned long r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di, orig_ax, ip, cs, flags, sp, ss; };
struct user_regs_struct { unsigned long r15, rdi; };
#endif
//--- trace.c
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
SEC("kprobe/f") int BPF_KPROBE(arguments, long first, long second) { return second; }
SEC("kprobe/f") int registers(struct pt_regs *ctx) { return PT_REGS_IP(ctx) + PT_REGS_SP(ctx) + PT_REGS_PARM1_SYSCALL(ctx); }
