/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Arguments of a probed function, taken from its registers, and macros that turn them into C parameters. The
 * kernels that this compiler serves run on RISC-V; builds made for a host pass its __TARGET_ARCH_* all the
 * same, which only matters where the object is for Linux. */
#ifndef __BPF_TRACING_H__
#define __BPF_TRACING_H__

#include <bpf/bpf_helpers.h>

#if defined(__KBPF_ABI_LINUX__) &&                                                                           \
    (defined(__TARGET_ARCH_x86) || defined(__TARGET_ARCH_arm64) || defined(__TARGET_ARCH_arm) ||             \
     defined(__TARGET_ARCH_s390) || defined(__TARGET_ARCH_powerpc) || defined(__TARGET_ARCH_mips) ||         \
     defined(__TARGET_ARCH_sparc) || defined(__TARGET_ARCH_arc) || defined(__TARGET_ARCH_loongarch))
#error "this bpf_tracing.h describes RISC-V registers: leave __TARGET_ARCH_* out, or give another by -I"
#endif
#ifndef __TARGET_ARCH_riscv
#define __TARGET_ARCH_riscv
#endif

#if !defined(__VMLINUX_H__)
#include <asm/ptrace.h>
#endif

/* The calling convention: arguments and result in a0 to a7, return address in ra, frame pointer in s0. The
 * registers may be given as pt_regs or as user_regs_struct, whose beginnings are the same. */
#define __PT_REGS_CAST(x) ((const struct user_regs_struct *)(x))
#define ___pt_reg(x, reg) (__PT_REGS_CAST(x)->reg)
#define ___pt_reg_core(x, reg) BPF_CORE_READ(__PT_REGS_CAST(x), reg)

#define PT_REGS_PARM1(x) ___pt_reg(x, a0)
#define PT_REGS_PARM2(x) ___pt_reg(x, a1)
#define PT_REGS_PARM3(x) ___pt_reg(x, a2)
#define PT_REGS_PARM4(x) ___pt_reg(x, a3)
#define PT_REGS_PARM5(x) ___pt_reg(x, a4)
#define PT_REGS_PARM6(x) ___pt_reg(x, a5)
#define PT_REGS_PARM7(x) ___pt_reg(x, a6)
#define PT_REGS_PARM8(x) ___pt_reg(x, a7)
#define PT_REGS_RET(x) ___pt_reg(x, ra)
#define PT_REGS_FP(x) ___pt_reg(x, s0)
#define PT_REGS_RC(x) ___pt_reg(x, a0)
#define PT_REGS_SP(x) ___pt_reg(x, sp)
#define PT_REGS_IP(x) ___pt_reg(x, pc)

/* The same for registers that the program has only a pointer to. Needs bpf_core_read.h. */
#define PT_REGS_PARM1_CORE(x) ___pt_reg_core(x, a0)
#define PT_REGS_PARM2_CORE(x) ___pt_reg_core(x, a1)
#define PT_REGS_PARM3_CORE(x) ___pt_reg_core(x, a2)
#define PT_REGS_PARM4_CORE(x) ___pt_reg_core(x, a3)
#define PT_REGS_PARM5_CORE(x) ___pt_reg_core(x, a4)
#define PT_REGS_PARM6_CORE(x) ___pt_reg_core(x, a5)
#define PT_REGS_PARM7_CORE(x) ___pt_reg_core(x, a6)
#define PT_REGS_PARM8_CORE(x) ___pt_reg_core(x, a7)
#define PT_REGS_RET_CORE(x) ___pt_reg_core(x, ra)
#define PT_REGS_FP_CORE(x) ___pt_reg_core(x, s0)
#define PT_REGS_RC_CORE(x) ___pt_reg_core(x, a0)
#define PT_REGS_SP_CORE(x) ___pt_reg_core(x, sp)
#define PT_REGS_IP_CORE(x) ___pt_reg_core(x, pc)

/* Registers of a system call: a0 is overwritten by the result, so its first argument is kept in orig_a0. */
#define PT_REGS_PARM1_SYSCALL(x) (((const struct pt_regs *)(x))->orig_a0)
#define PT_REGS_PARM2_SYSCALL(x) PT_REGS_PARM2(x)
#define PT_REGS_PARM3_SYSCALL(x) PT_REGS_PARM3(x)
#define PT_REGS_PARM4_SYSCALL(x) PT_REGS_PARM4(x)
#define PT_REGS_PARM5_SYSCALL(x) PT_REGS_PARM5(x)
#define PT_REGS_PARM6_SYSCALL(x) PT_REGS_PARM6(x)
#define PT_REGS_PARM1_CORE_SYSCALL(x) BPF_CORE_READ((const struct pt_regs *)(x), orig_a0)
#define PT_REGS_PARM2_CORE_SYSCALL(x) PT_REGS_PARM2_CORE(x)
#define PT_REGS_PARM3_CORE_SYSCALL(x) PT_REGS_PARM3_CORE(x)
#define PT_REGS_PARM4_CORE_SYSCALL(x) PT_REGS_PARM4_CORE(x)
#define PT_REGS_PARM5_CORE_SYSCALL(x) PT_REGS_PARM5_CORE(x)
#define PT_REGS_PARM6_CORE_SYSCALL(x) PT_REGS_PARM6_CORE(x)

#define BPF_KPROBE_READ_RET_IP(ip, ctx) ({ (ip) = PT_REGS_RET(ctx); })
#define BPF_KRETPROBE_READ_RET_IP BPF_KPROBE_READ_RET_IP

/* SEC("fentry/f") int BPF_PROG(name, T1 a, T2 b): the context is an array of 64-bit arguments. The macro
 * declares the function that the kernel calls, and an inlined one with the parameters as written. */
#define ___bpf_ctx_cast0() ctx
#define ___bpf_ctx_cast1(x) ___bpf_ctx_cast0(), (void *)ctx[0]
#define ___bpf_ctx_cast2(x, args...) ___bpf_ctx_cast1(args), (void *)ctx[1]
#define ___bpf_ctx_cast3(x, args...) ___bpf_ctx_cast2(args), (void *)ctx[2]
#define ___bpf_ctx_cast4(x, args...) ___bpf_ctx_cast3(args), (void *)ctx[3]
#define ___bpf_ctx_cast5(x, args...) ___bpf_ctx_cast4(args), (void *)ctx[4]
#define ___bpf_ctx_cast6(x, args...) ___bpf_ctx_cast5(args), (void *)ctx[5]
#define ___bpf_ctx_cast7(x, args...) ___bpf_ctx_cast6(args), (void *)ctx[6]
#define ___bpf_ctx_cast8(x, args...) ___bpf_ctx_cast7(args), (void *)ctx[7]
#define ___bpf_ctx_cast9(x, args...) ___bpf_ctx_cast8(args), (void *)ctx[8]
#define ___bpf_ctx_cast10(x, args...) ___bpf_ctx_cast9(args), (void *)ctx[9]
#define ___bpf_ctx_cast11(x, args...) ___bpf_ctx_cast10(args), (void *)ctx[10]
#define ___bpf_ctx_cast12(x, args...) ___bpf_ctx_cast11(args), (void *)ctx[11]
#define ___bpf_ctx_cast(args...) ___bpf_apply(___bpf_ctx_cast, ___bpf_narg(args))(args)

#define ___bpf_wrapped(name, ctx_type, call_args, params...)                                                 \
  name(ctx_type *ctx);                                                                                       \
  static __always_inline typeof(name(0)) ____##name(params);                                                 \
  typeof(name(0)) name(ctx_type *ctx) {                                                                      \
    _Pragma("GCC diagnostic push")                                                                           \
        _Pragma("GCC diagnostic ignored \"-Wint-conversion\"") return ____##name(call_args);                 \
    _Pragma("GCC diagnostic pop")                                                                            \
  }                                                                                                          \
  static __always_inline typeof(name(0)) ____##name(params)

#define ___bpf_list(args...) args
#define BPF_PROG(name, args...)                                                                              \
  ___bpf_wrapped(name, unsigned long long, ___bpf_list(___bpf_ctx_cast(args)), unsigned long long *ctx,      \
                 ##args)

/* SEC("kprobe/f") int BPF_KPROBE(name, T1 a, T2 b): parameters come from the argument registers. */
#define ___bpf_kprobe_args0() ctx
#define ___bpf_kprobe_args1(x) ___bpf_kprobe_args0(), (void *)PT_REGS_PARM1(ctx)
#define ___bpf_kprobe_args2(x, args...) ___bpf_kprobe_args1(args), (void *)PT_REGS_PARM2(ctx)
#define ___bpf_kprobe_args3(x, args...) ___bpf_kprobe_args2(args), (void *)PT_REGS_PARM3(ctx)
#define ___bpf_kprobe_args4(x, args...) ___bpf_kprobe_args3(args), (void *)PT_REGS_PARM4(ctx)
#define ___bpf_kprobe_args5(x, args...) ___bpf_kprobe_args4(args), (void *)PT_REGS_PARM5(ctx)
#define ___bpf_kprobe_args6(x, args...) ___bpf_kprobe_args5(args), (void *)PT_REGS_PARM6(ctx)
#define ___bpf_kprobe_args7(x, args...) ___bpf_kprobe_args6(args), (void *)PT_REGS_PARM7(ctx)
#define ___bpf_kprobe_args8(x, args...) ___bpf_kprobe_args7(args), (void *)PT_REGS_PARM8(ctx)
#define ___bpf_kprobe_args(args...) ___bpf_apply(___bpf_kprobe_args, ___bpf_narg(args))(args)
#define BPF_KPROBE(name, args...)                                                                            \
  ___bpf_wrapped(name, struct pt_regs, ___bpf_list(___bpf_kprobe_args(args)), struct pt_regs *ctx, ##args)

/* SEC("kretprobe/f") int BPF_KRETPROBE(name, T result): the one parameter is what the function returns. */
#define ___bpf_kretprobe_args0() ctx
#define ___bpf_kretprobe_args1(x) ___bpf_kretprobe_args0(), (void *)PT_REGS_RC(ctx)
#define ___bpf_kretprobe_args(args...) ___bpf_apply(___bpf_kretprobe_args, ___bpf_narg(args))(args)
#define BPF_KRETPROBE(name, args...)                                                                         \
  ___bpf_wrapped(name, struct pt_regs, ___bpf_list(___bpf_kretprobe_args(args)), struct pt_regs *ctx, ##args)

#define BPF_UPROBE(name, args...) BPF_KPROBE(name, ##args)
#define BPF_URETPROBE(name, args...) BPF_KRETPROBE(name, ##args)

#endif
