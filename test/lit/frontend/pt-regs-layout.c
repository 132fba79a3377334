// SPDX-License-Identifier: MIT OR Apache-2.0
// Linux's struct pt_regs for riscv64.
// RUN: %bpfcc -fsyntax-only %s
#include <linux/ptrace.h>
#define AT(type, field, index) _Static_assert(__builtin_offsetof(struct type, field) == (index) * 8, #field)
AT(pt_regs, epc, 0);
AT(pt_regs, ra, 1);
AT(pt_regs, sp, 2);
AT(pt_regs, s0, 8);
AT(pt_regs, a0, 10);
AT(pt_regs, a7, 17);
AT(pt_regs, t6, 31);
AT(pt_regs, status, 32);
AT(pt_regs, cause, 34);
AT(pt_regs, orig_a0, 35);
AT(user_regs_struct, pc, 0);
AT(user_regs_struct, t6, 31);
_Static_assert(sizeof(struct user_regs_struct) == 256 && sizeof(struct pt_regs) == 288, "sizes");
