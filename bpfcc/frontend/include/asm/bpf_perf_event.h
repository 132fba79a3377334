/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef _KBPF_ASM_BPF_PERF_EVENT_H
#define _KBPF_ASM_BPF_PERF_EVENT_H

#include <asm/ptrace.h>

#if defined(__KBPF_ABI_LINUX__) && defined(__TARGET_ARCH_x86)
typedef struct pt_regs bpf_user_pt_regs_t;
#elif defined(__KBPF_ABI_LINUX__) && defined(__TARGET_ARCH_arm64)
typedef struct user_pt_regs bpf_user_pt_regs_t;
#else
typedef struct user_regs_struct bpf_user_pt_regs_t;
#endif

#endif
