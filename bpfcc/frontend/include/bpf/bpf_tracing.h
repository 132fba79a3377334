/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Arguments of a probed function, taken from its registers, and macros that turn them into C parameters.
 * The kernels that this compiler is for run on RISC-V; for Linux, __TARGET_ARCH_<arch> chooses another one's
 * calling convention. Each convention is the same list of names: the structure that holds the registers, its
 * members for arguments 1 to 8, return address, frame pointer, result, stack pointer and instruction pointer,
 * and what differs in a system call. */
#ifndef __BPF_TRACING_H__
#define __BPF_TRACING_H__

#include <bpf/bpf_helpers.h>

#ifndef __KBPF_ABI_LINUX__
#undef __TARGET_ARCH_x86
#undef __TARGET_ARCH_arm64
#undef __TARGET_ARCH_arm
#undef __TARGET_ARCH_s390
#undef __TARGET_ARCH_powerpc
#undef __TARGET_ARCH_mips
#undef __TARGET_ARCH_sparc
#undef __TARGET_ARCH_arc
#undef __TARGET_ARCH_loongarch
#endif

#if defined(__TARGET_ARCH_x86)
#if defined(__VMLINUX_H__) || defined(__KERNEL__)
#define ___x86_reg(kernel_name, user_name) kernel_name
#else
#define ___x86_reg(kernel_name, user_name) user_name
#endif
#define __PT_REGS_TYPE struct pt_regs
#define __PT_PARM1_REG ___x86_reg(di, rdi)
#define __PT_PARM2_REG ___x86_reg(si, rsi)
#define __PT_PARM3_REG ___x86_reg(dx, rdx)
#define __PT_PARM4_REG ___x86_reg(cx, rcx)
#define __PT_PARM5_REG r8
#define __PT_PARM6_REG r9
#define __PT_RET_REG ___x86_reg(sp, rsp)
#define __PT_FP_REG ___x86_reg(bp, rbp)
#define __PT_RC_REG ___x86_reg(ax, rax)
#define __PT_SP_REG ___x86_reg(sp, rsp)
#define __PT_IP_REG ___x86_reg(ip, rip)
#define __PT_PARM4_SYSCALL_REG r10
#define __BPF_SYSCALL_WRAPPER 1
#elif defined(__TARGET_ARCH_arm64)
#define __PT_REGS_TYPE struct user_pt_regs
#define __PT_PARM1_REG regs[0]
#define __PT_PARM2_REG regs[1]
#define __PT_PARM3_REG regs[2]
#define __PT_PARM4_REG regs[3]
#define __PT_PARM5_REG regs[4]
#define __PT_PARM6_REG regs[5]
#define __PT_PARM7_REG regs[6]
#define __PT_PARM8_REG regs[7]
#define __PT_RET_REG regs[30]
#define __PT_FP_REG regs[29]
#define __PT_RC_REG regs[0]
#define __PT_SP_REG sp
#define __PT_IP_REG pc
#define __PT_PARM1_SYSCALL_REG orig_x0
#define __BPF_SYSCALL_WRAPPER 1
#elif defined(__TARGET_ARCH_arm)
#define __PT_REGS_TYPE struct pt_regs
#define __PT_PARM1_REG uregs[0]
#define __PT_PARM2_REG uregs[1]
#define __PT_PARM3_REG uregs[2]
#define __PT_PARM4_REG uregs[3]
#define __PT_RET_REG uregs[14]
#define __PT_FP_REG uregs[11]
#define __PT_RC_REG uregs[0]
#define __PT_SP_REG uregs[13]
#define __PT_IP_REG uregs[15]
#define __PT_PARM1_SYSCALL_REG uregs[17]
#define __PT_PARM5_SYSCALL_REG uregs[4]
#define __PT_PARM6_SYSCALL_REG uregs[5]
#define __PT_PARM7_SYSCALL_REG uregs[6]
#elif defined(__TARGET_ARCH_s390)
#define __PT_REGS_TYPE struct user_pt_regs
#define __PT_PARM1_REG gprs[2]
#define __PT_PARM2_REG gprs[3]
#define __PT_PARM3_REG gprs[4]
#define __PT_PARM4_REG gprs[5]
#define __PT_PARM5_REG gprs[6]
#define __PT_RET_REG gprs[14]
#define __PT_FP_REG gprs[11]
#define __PT_RC_REG gprs[2]
#define __PT_SP_REG gprs[15]
#define __PT_IP_REG psw.addr
#define __PT_PARM1_SYSCALL_REG orig_gpr2
#define __PT_PARM6_SYSCALL_REG gprs[7]
#define __BPF_SYSCALL_WRAPPER 1
#elif defined(__TARGET_ARCH_powerpc)
#define __PT_REGS_TYPE struct pt_regs
#define __PT_PARM1_REG gpr[3]
#define __PT_PARM2_REG gpr[4]
#define __PT_PARM3_REG gpr[5]
#define __PT_PARM4_REG gpr[6]
#define __PT_PARM5_REG gpr[7]
#define __PT_PARM6_REG gpr[8]
#define __PT_PARM7_REG gpr[9]
#define __PT_PARM8_REG gpr[10]
#define __PT_RET_REG link
#define __PT_FP_REG gpr[31]
#define __PT_RC_REG gpr[3]
#define __PT_SP_REG gpr[1]
#define __PT_IP_REG nip
#define __PT_PARM1_SYSCALL_REG orig_gpr3
#define __BPF_SYSCALL_WRAPPER 1
#elif defined(__TARGET_ARCH_mips)
#define __PT_REGS_TYPE struct pt_regs
#define __PT_PARM1_REG regs[4]
#define __PT_PARM2_REG regs[5]
#define __PT_PARM3_REG regs[6]
#define __PT_PARM4_REG regs[7]
#define __PT_PARM5_REG regs[8]
#define __PT_PARM6_REG regs[9]
#define __PT_PARM7_REG regs[10]
#define __PT_PARM8_REG regs[11]
#define __PT_RET_REG regs[31]
#define __PT_FP_REG regs[30]
#define __PT_RC_REG regs[2]
#define __PT_SP_REG regs[29]
#define __PT_IP_REG cp0_epc
#elif defined(__TARGET_ARCH_sparc)
#define __PT_REGS_TYPE struct pt_regs
#define __PT_PARM1_REG u_regs[8]
#define __PT_PARM2_REG u_regs[9]
#define __PT_PARM3_REG u_regs[10]
#define __PT_PARM4_REG u_regs[11]
#define __PT_PARM5_REG u_regs[12]
#define __PT_PARM6_REG u_regs[13]
#define __PT_RET_REG u_regs[15]
#define __PT_FP_REG u_regs[14]
#define __PT_RC_REG u_regs[8]
#define __PT_SP_REG u_regs[14]
#define __PT_IP_REG tpc
#elif defined(__TARGET_ARCH_arc)
#define __PT_REGS_TYPE struct user_regs_struct
#define __PT_PARM1_REG scratch.r0
#define __PT_PARM2_REG scratch.r1
#define __PT_PARM3_REG scratch.r2
#define __PT_PARM4_REG scratch.r3
#define __PT_PARM5_REG scratch.r4
#define __PT_PARM6_REG scratch.r5
#define __PT_PARM7_REG scratch.r6
#define __PT_PARM8_REG scratch.r7
#define __PT_RET_REG scratch.blink
#define __PT_FP_REG scratch.fp
#define __PT_RC_REG scratch.r0
#define __PT_SP_REG scratch.sp
#define __PT_IP_REG scratch.ret
#elif defined(__TARGET_ARCH_loongarch)
#define __PT_REGS_TYPE struct pt_regs
#define __PT_PARM1_REG regs[4]
#define __PT_PARM2_REG regs[5]
#define __PT_PARM3_REG regs[6]
#define __PT_PARM4_REG regs[7]
#define __PT_PARM5_REG regs[8]
#define __PT_PARM6_REG regs[9]
#define __PT_PARM7_REG regs[10]
#define __PT_PARM8_REG regs[11]
#define __PT_RET_REG regs[1]
#define __PT_FP_REG regs[22]
#define __PT_RC_REG regs[4]
#define __PT_SP_REG regs[3]
#define __PT_IP_REG csr_era
#define __PT_PARM1_SYSCALL_REG orig_a0
#define __BPF_SYSCALL_WRAPPER 1
#else
#ifndef __TARGET_ARCH_riscv
#define __TARGET_ARCH_riscv
#endif
#ifdef __KBPF_ABI_LINUX__
/* user_regs_struct is how pt_regs begins, under the names that user space knows. */
#define __PT_REGS_TYPE struct user_regs_struct
#define __PT_IP_REG pc
#else
/* The kernel's own registers, also where a vmlinux.h is that of a machine with others. */
#define __PT_REGS_TYPE struct pt_regs___kbpf
#define __PT_SYSCALL_REGS_TYPE struct pt_regs___kbpf
#define __PT_IP_REG epc
struct pt_regs___kbpf {
  unsigned long epc, ra, sp, gp, tp, t0, t1, t2, s0, s1, a0, a1, a2, a3, a4, a5, a6, a7;
  unsigned long s2, s3, s4, s5, s6, s7, s8, s9, s10, s11, t3, t4, t5, t6, status, badaddr, cause, orig_a0;
};
#endif
#define __PT_PARM1_REG a0
#define __PT_PARM2_REG a1
#define __PT_PARM3_REG a2
#define __PT_PARM4_REG a3
#define __PT_PARM5_REG a4
#define __PT_PARM6_REG a5
#define __PT_PARM7_REG a6
#define __PT_PARM8_REG a7
#define __PT_RET_REG ra
#define __PT_FP_REG s0
#define __PT_RC_REG a0
#define __PT_SP_REG sp
#define __PT_PARM1_SYSCALL_REG orig_a0
#define __BPF_SYSCALL_WRAPPER 1
#endif

#if !defined(__VMLINUX_H__)
#include <asm/ptrace.h>
#endif

/* Registers that a convention does not have: a compile-time error where one is used. */
#define __PT_NO_REG                                                                                          \
  ({                                                                                                         \
    _Static_assert(0, "this architecture passes fewer arguments in registers");                              \
    0ul;                                                                                                     \
  })
#define __PT_REGS_CAST(x) ((const __PT_REGS_TYPE *)(x))
#define ___pt_reg(x, reg) (__PT_REGS_CAST(x)->reg)
#define ___pt_reg_core(x, reg) BPF_CORE_READ(__PT_REGS_CAST(x), reg)

#define PT_REGS_PARM1(x) ___pt_reg(x, __PT_PARM1_REG)
#define PT_REGS_PARM2(x) ___pt_reg(x, __PT_PARM2_REG)
#define PT_REGS_PARM3(x) ___pt_reg(x, __PT_PARM3_REG)
#define PT_REGS_PARM4(x) ___pt_reg(x, __PT_PARM4_REG)
#ifdef __PT_PARM5_REG
#define PT_REGS_PARM5(x) ___pt_reg(x, __PT_PARM5_REG)
#else
#define PT_REGS_PARM5(x) __PT_NO_REG
#endif
#ifdef __PT_PARM6_REG
#define PT_REGS_PARM6(x) ___pt_reg(x, __PT_PARM6_REG)
#else
#define PT_REGS_PARM6(x) __PT_NO_REG
#endif
#ifdef __PT_PARM7_REG
#define PT_REGS_PARM7(x) ___pt_reg(x, __PT_PARM7_REG)
#else
#define PT_REGS_PARM7(x) __PT_NO_REG
#endif
#ifdef __PT_PARM8_REG
#define PT_REGS_PARM8(x) ___pt_reg(x, __PT_PARM8_REG)
#else
#define PT_REGS_PARM8(x) __PT_NO_REG
#endif
#define PT_REGS_RET(x) ___pt_reg(x, __PT_RET_REG)
#define PT_REGS_FP(x) ___pt_reg(x, __PT_FP_REG)
#define PT_REGS_RC(x) ___pt_reg(x, __PT_RC_REG)
#define PT_REGS_SP(x) ___pt_reg(x, __PT_SP_REG)
#define PT_REGS_IP(x) ___pt_reg(x, __PT_IP_REG)

/* The same for registers that the program has only a pointer to. Needs bpf_core_read.h. */
#define PT_REGS_PARM1_CORE(x) ___pt_reg_core(x, __PT_PARM1_REG)
#define PT_REGS_PARM2_CORE(x) ___pt_reg_core(x, __PT_PARM2_REG)
#define PT_REGS_PARM3_CORE(x) ___pt_reg_core(x, __PT_PARM3_REG)
#define PT_REGS_PARM4_CORE(x) ___pt_reg_core(x, __PT_PARM4_REG)
#ifdef __PT_PARM5_REG
#define PT_REGS_PARM5_CORE(x) ___pt_reg_core(x, __PT_PARM5_REG)
#else
#define PT_REGS_PARM5_CORE(x) __PT_NO_REG
#endif
#ifdef __PT_PARM6_REG
#define PT_REGS_PARM6_CORE(x) ___pt_reg_core(x, __PT_PARM6_REG)
#else
#define PT_REGS_PARM6_CORE(x) __PT_NO_REG
#endif
#ifdef __PT_PARM7_REG
#define PT_REGS_PARM7_CORE(x) ___pt_reg_core(x, __PT_PARM7_REG)
#else
#define PT_REGS_PARM7_CORE(x) __PT_NO_REG
#endif
#ifdef __PT_PARM8_REG
#define PT_REGS_PARM8_CORE(x) ___pt_reg_core(x, __PT_PARM8_REG)
#else
#define PT_REGS_PARM8_CORE(x) __PT_NO_REG
#endif
#define PT_REGS_RET_CORE(x) ___pt_reg_core(x, __PT_RET_REG)
#define PT_REGS_FP_CORE(x) ___pt_reg_core(x, __PT_FP_REG)
#define PT_REGS_RC_CORE(x) ___pt_reg_core(x, __PT_RC_REG)
#define PT_REGS_SP_CORE(x) ___pt_reg_core(x, __PT_SP_REG)
#define PT_REGS_IP_CORE(x) ___pt_reg_core(x, __PT_IP_REG)

/* Registers of a system call. Where the result overwrites the first argument's register, the kernel keeps a
 * copy in pt_regs, behind the part that user_pt_regs shows. */
#ifdef __PT_PARM1_SYSCALL_REG
#ifndef __PT_SYSCALL_REGS_TYPE
#define __PT_SYSCALL_REGS_TYPE struct pt_regs
#endif
#define PT_REGS_PARM1_SYSCALL(x) (((const __PT_SYSCALL_REGS_TYPE *)(x))->__PT_PARM1_SYSCALL_REG)
#define PT_REGS_PARM1_CORE_SYSCALL(x)                                                                        \
  BPF_CORE_READ((const __PT_SYSCALL_REGS_TYPE *)(x), __PT_PARM1_SYSCALL_REG)
#else
#define PT_REGS_PARM1_SYSCALL(x) PT_REGS_PARM1(x)
#define PT_REGS_PARM1_CORE_SYSCALL(x) PT_REGS_PARM1_CORE(x)
#endif
#define PT_REGS_PARM2_SYSCALL(x) PT_REGS_PARM2(x)
#define PT_REGS_PARM2_CORE_SYSCALL(x) PT_REGS_PARM2_CORE(x)
#define PT_REGS_PARM3_SYSCALL(x) PT_REGS_PARM3(x)
#define PT_REGS_PARM3_CORE_SYSCALL(x) PT_REGS_PARM3_CORE(x)
#ifdef __PT_PARM4_SYSCALL_REG
#define PT_REGS_PARM4_SYSCALL(x) ___pt_reg(x, __PT_PARM4_SYSCALL_REG)
#define PT_REGS_PARM4_CORE_SYSCALL(x) ___pt_reg_core(x, __PT_PARM4_SYSCALL_REG)
#else
#define PT_REGS_PARM4_SYSCALL(x) PT_REGS_PARM4(x)
#define PT_REGS_PARM4_CORE_SYSCALL(x) PT_REGS_PARM4_CORE(x)
#endif
#ifdef __PT_PARM5_SYSCALL_REG
#define PT_REGS_PARM5_SYSCALL(x) ___pt_reg(x, __PT_PARM5_SYSCALL_REG)
#define PT_REGS_PARM5_CORE_SYSCALL(x) ___pt_reg_core(x, __PT_PARM5_SYSCALL_REG)
#else
#define PT_REGS_PARM5_SYSCALL(x) PT_REGS_PARM5(x)
#define PT_REGS_PARM5_CORE_SYSCALL(x) PT_REGS_PARM5_CORE(x)
#endif
#ifdef __PT_PARM6_SYSCALL_REG
#define PT_REGS_PARM6_SYSCALL(x) ___pt_reg(x, __PT_PARM6_SYSCALL_REG)
#define PT_REGS_PARM6_CORE_SYSCALL(x) ___pt_reg_core(x, __PT_PARM6_SYSCALL_REG)
#else
#define PT_REGS_PARM6_SYSCALL(x) PT_REGS_PARM6(x)
#define PT_REGS_PARM6_CORE_SYSCALL(x) PT_REGS_PARM6_CORE(x)
#endif
#ifdef __PT_PARM7_SYSCALL_REG
#define PT_REGS_PARM7_SYSCALL(x) ___pt_reg(x, __PT_PARM7_SYSCALL_REG)
#define PT_REGS_PARM7_CORE_SYSCALL(x) ___pt_reg_core(x, __PT_PARM7_SYSCALL_REG)
#else
#define PT_REGS_PARM7_SYSCALL(x) PT_REGS_PARM7(x)
#define PT_REGS_PARM7_CORE_SYSCALL(x) PT_REGS_PARM7_CORE(x)
#endif

/* On most architectures Linux's system-call functions take one argument, a pointer to the caller's registers.
 */
#if defined(__KBPF_ABI_LINUX__) && defined(__BPF_SYSCALL_WRAPPER)
#define PT_REGS_SYSCALL_REGS(ctx) ((struct pt_regs *)PT_REGS_PARM1(ctx))
#else
#define PT_REGS_SYSCALL_REGS(ctx) ctx
#endif

#if defined(__TARGET_ARCH_x86) || defined(__TARGET_ARCH_s390)
#define BPF_KPROBE_READ_RET_IP(ip, ctx)                                                                      \
  ({ bpf_probe_read_kernel(&(ip), sizeof(ip), (void *)PT_REGS_RET(ctx)); })
#define BPF_KRETPROBE_READ_RET_IP(ip, ctx)                                                                   \
  ({ bpf_probe_read_kernel(&(ip), sizeof(ip), (void *)(PT_REGS_FP(ctx) + sizeof(ip))); })
#else
#define BPF_KPROBE_READ_RET_IP(ip, ctx) ({ (ip) = PT_REGS_RET(ctx); })
#define BPF_KRETPROBE_READ_RET_IP BPF_KPROBE_READ_RET_IP
#endif

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

/* SEC("ksyscall/name") int BPF_KSYSCALL(f, T1 a, T2 b): the system call's own arguments. Which of the two
 * ways a Linux kernel passes them is known when the program is loaded. */
#define ___bpf_syscall_args0() ctx
#define ___bpf_syscall_args1(x) ___bpf_syscall_args0(), (void *)PT_REGS_PARM1_SYSCALL(regs)
#define ___bpf_syscall_args2(x, args...) ___bpf_syscall_args1(args), (void *)PT_REGS_PARM2_SYSCALL(regs)
#define ___bpf_syscall_args3(x, args...) ___bpf_syscall_args2(args), (void *)PT_REGS_PARM3_SYSCALL(regs)
#define ___bpf_syscall_args4(x, args...) ___bpf_syscall_args3(args), (void *)PT_REGS_PARM4_SYSCALL(regs)
#define ___bpf_syscall_args5(x, args...) ___bpf_syscall_args4(args), (void *)PT_REGS_PARM5_SYSCALL(regs)
#define ___bpf_syscall_args6(x, args...) ___bpf_syscall_args5(args), (void *)PT_REGS_PARM6_SYSCALL(regs)
#define ___bpf_syscall_args7(x, args...) ___bpf_syscall_args6(args), (void *)PT_REGS_PARM7_SYSCALL(regs)
#define ___bpf_syscall_args(args...) ___bpf_apply(___bpf_syscall_args, ___bpf_narg(args))(args)
#define ___bpf_syswrap_args0() ctx
#define ___bpf_syswrap_args1(x) ___bpf_syswrap_args0(), (void *)PT_REGS_PARM1_CORE_SYSCALL(regs)
#define ___bpf_syswrap_args2(x, args...) ___bpf_syswrap_args1(args), (void *)PT_REGS_PARM2_CORE_SYSCALL(regs)
#define ___bpf_syswrap_args3(x, args...) ___bpf_syswrap_args2(args), (void *)PT_REGS_PARM3_CORE_SYSCALL(regs)
#define ___bpf_syswrap_args4(x, args...) ___bpf_syswrap_args3(args), (void *)PT_REGS_PARM4_CORE_SYSCALL(regs)
#define ___bpf_syswrap_args5(x, args...) ___bpf_syswrap_args4(args), (void *)PT_REGS_PARM5_CORE_SYSCALL(regs)
#define ___bpf_syswrap_args6(x, args...) ___bpf_syswrap_args5(args), (void *)PT_REGS_PARM6_CORE_SYSCALL(regs)
#define ___bpf_syswrap_args7(x, args...) ___bpf_syswrap_args6(args), (void *)PT_REGS_PARM7_CORE_SYSCALL(regs)
#define ___bpf_syswrap_args(args...) ___bpf_apply(___bpf_syswrap_args, ___bpf_narg(args))(args)
#ifdef __KBPF_ABI_LINUX__
#define BPF_KSYSCALL(name, args...)                                                                          \
  name(struct pt_regs *ctx);                                                                                 \
  extern _Bool LINUX_HAS_SYSCALL_WRAPPER __kconfig;                                                          \
  static __always_inline typeof(name(0)) ____##name(struct pt_regs *ctx, ##args);                            \
  typeof(name(0)) name(struct pt_regs *ctx) {                                                                \
    struct pt_regs *regs = LINUX_HAS_SYSCALL_WRAPPER ? (struct pt_regs *)PT_REGS_PARM1(ctx) : ctx;           \
    _Pragma("GCC diagnostic push") _Pragma("GCC diagnostic ignored \"-Wint-conversion\"") if (               \
        LINUX_HAS_SYSCALL_WRAPPER) return ____##name(___bpf_syswrap_args(args));                             \
    return ____##name(___bpf_syscall_args(args));                                                            \
    _Pragma("GCC diagnostic pop")                                                                            \
  }                                                                                                          \
  static __always_inline typeof(name(0)) ____##name(struct pt_regs *ctx, ##args)
#else
#define BPF_KSYSCALL(name, args...)                                                                          \
  name(struct pt_regs *ctx);                                                                                 \
  static __always_inline typeof(name(0)) ____##name(struct pt_regs *ctx, ##args);                            \
  typeof(name(0)) name(struct pt_regs *ctx) {                                                                \
    struct pt_regs *regs = ctx;                                                                              \
    _Pragma("GCC diagnostic push") _Pragma("GCC diagnostic ignored \"-Wint-conversion\"")(void) regs;        \
    return ____##name(___bpf_syscall_args(args));                                                            \
    _Pragma("GCC diagnostic pop")                                                                            \
  }                                                                                                          \
  static __always_inline typeof(name(0)) ____##name(struct pt_regs *ctx, ##args)
#endif
#define BPF_KPROBE_SYSCALL BPF_KSYSCALL

/* SEC("fentry/f") int BPF_PROG2(f, T1, a, T2, b): like BPF_PROG, for arguments of structure type, which take
 * as many slots of the context as their size needs. */
#define ___bpf_slots(t)                                                                                      \
  (__builtin_choose_expr(sizeof(t) == 1 || sizeof(t) == 2 || sizeof(t) == 4 || sizeof(t) == 8, 1, 2))
#define ___bpf_slot_reader(t)                                                                                \
  union {                                                                                                    \
    __u64 words[(sizeof(t) + 7) / 8];                                                                        \
    t value;                                                                                                 \
  }
#define ___bpf_slot(t, first)                                                                                \
  ({                                                                                                         \
    ___bpf_slot_reader(t) ___r;                                                                              \
    ___r.words[0] = ctx[first];                                                                              \
    if (sizeof(t) > 8)                                                                                       \
      ___r.words[(sizeof(t) + 7) / 8 - 1] = ctx[(first) + 1];                                                \
    ___r.value;                                                                                              \
  })
#define ___bpf_decl2_0()
#define ___bpf_call2_0()
#define ___bpf_decl2_2(t0, x0) , t0 x0
#define ___bpf_call2_2(t0, x0) , ___bpf_slot(t0, 0)
#define ___bpf_decl2_4(t0, x0, t1, x1) , t0 x0, t1 x1
#define ___bpf_call2_4(t0, x0, t1, x1) , ___bpf_slot(t0, 0), ___bpf_slot(t1, ___bpf_slots(t0))
#define ___bpf_decl2_6(t0, x0, t1, x1, t2, x2) , t0 x0, t1 x1, t2 x2
#define ___bpf_call2_6(t0, x0, t1, x1, t2, x2)                                                               \
  , ___bpf_slot(t0, 0), ___bpf_slot(t1, ___bpf_slots(t0)),                                                   \
      ___bpf_slot(t2, ___bpf_slots(t0) + ___bpf_slots(t1))
#define ___bpf_decl2_8(t0, x0, t1, x1, t2, x2, t3, x3) , t0 x0, t1 x1, t2 x2, t3 x3
#define ___bpf_call2_8(t0, x0, t1, x1, t2, x2, t3, x3)                                                       \
  , ___bpf_slot(t0, 0), ___bpf_slot(t1, ___bpf_slots(t0)),                                                   \
      ___bpf_slot(t2, ___bpf_slots(t0) + ___bpf_slots(t1)),                                                  \
      ___bpf_slot(t3, ___bpf_slots(t0) + ___bpf_slots(t1) + ___bpf_slots(t2))
#define ___bpf_decl2_10(t0, x0, t1, x1, t2, x2, t3, x3, t4, x4) , t0 x0, t1 x1, t2 x2, t3 x3, t4 x4
#define ___bpf_call2_10(t0, x0, t1, x1, t2, x2, t3, x3, t4, x4)                                              \
  , ___bpf_slot(t0, 0), ___bpf_slot(t1, ___bpf_slots(t0)),                                                   \
      ___bpf_slot(t2, ___bpf_slots(t0) + ___bpf_slots(t1)),                                                  \
      ___bpf_slot(t3, ___bpf_slots(t0) + ___bpf_slots(t1) + ___bpf_slots(t2)),                               \
      ___bpf_slot(t4, ___bpf_slots(t0) + ___bpf_slots(t1) + ___bpf_slots(t2) + ___bpf_slots(t3))
#define ___bpf_decl2_12(t0, x0, t1, x1, t2, x2, t3, x3, t4, x4, t5, x5)                                      \
  , t0 x0, t1 x1, t2 x2, t3 x3, t4 x4, t5 x5
#define ___bpf_call2_12(t0, x0, t1, x1, t2, x2, t3, x3, t4, x4, t5, x5)                                      \
  , ___bpf_slot(t0, 0), ___bpf_slot(t1, ___bpf_slots(t0)),                                                   \
      ___bpf_slot(t2, ___bpf_slots(t0) + ___bpf_slots(t1)),                                                  \
      ___bpf_slot(t3, ___bpf_slots(t0) + ___bpf_slots(t1) + ___bpf_slots(t2)),                               \
      ___bpf_slot(t4, ___bpf_slots(t0) + ___bpf_slots(t1) + ___bpf_slots(t2) + ___bpf_slots(t3)),            \
      ___bpf_slot(t5, ___bpf_slots(t0) + ___bpf_slots(t1) + ___bpf_slots(t2) + ___bpf_slots(t3) +            \
                          ___bpf_slots(t4))
#define ___bpf_decl2(args...) ___bpf_apply(___bpf_decl2_, ___bpf_narg(args))(args)
#define ___bpf_call2(args...) ___bpf_apply(___bpf_call2_, ___bpf_narg(args))(args)
#define BPF_PROG2(name, args...)                                                                             \
  name(unsigned long long *ctx);                                                                             \
  static __always_inline typeof(name(0)) ____##name(unsigned long long *ctx ___bpf_decl2(args));             \
  typeof(name(0)) name(unsigned long long *ctx) { return ____##name(ctx ___bpf_call2(args)); }               \
  static __always_inline typeof(name(0)) ____##name(unsigned long long *ctx ___bpf_decl2(args))

#endif
