/* SPDX-License-Identifier: MIT OR Apache-2.0
 * The registers that a kprobe program's context shows. For RISC-V they are those of contexts.def (pt_regs);
 * user_regs_struct is the first part of it under the names that user space knows: epc is pc there. For Linux
 * on x86 and arm64 they are what those kernels show user space; other architectures need a vmlinux.h. */
#ifndef _ASM_RISCV_PTRACE_H
#define _ASM_RISCV_PTRACE_H

#if defined(__KBPF_ABI_LINUX__) && defined(__TARGET_ARCH_x86)

struct pt_regs {
  unsigned long r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
  unsigned long orig_rax, rip, cs, eflags, rsp, ss;
};

#elif defined(__KBPF_ABI_LINUX__) && defined(__TARGET_ARCH_arm64)

struct user_pt_regs {
  unsigned long long regs[31], sp, pc, pstate;
};
struct pt_regs {
  struct user_pt_regs user_regs;
  unsigned long long orig_x0;
};

#else

#define __RISCV_INTEGER_REGISTERS                                                                            \
  unsigned long ra, sp, gp, tp;                                                                              \
  unsigned long t0, t1, t2;                                                                                  \
  unsigned long s0, s1;                                                                                      \
  unsigned long a0, a1, a2, a3, a4, a5, a6, a7;                                                              \
  unsigned long s2, s3, s4, s5, s6, s7, s8, s9, s10, s11;                                                    \
  unsigned long t3, t4, t5, t6;

struct user_regs_struct {
  unsigned long pc;
  __RISCV_INTEGER_REGISTERS
};

struct pt_regs {
  unsigned long epc;
  __RISCV_INTEGER_REGISTERS
  unsigned long status;
  unsigned long badaddr;
  unsigned long cause;
  unsigned long orig_a0; /* a0 as it was when a system call was entered */
};

#undef __RISCV_INTEGER_REGISTERS
#endif

#endif
