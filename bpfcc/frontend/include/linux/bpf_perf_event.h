/* SPDX-License-Identifier: MIT OR Apache-2.0
 * The context of a perf_event program. */
#ifndef _KBPF_LINUX_BPF_PERF_EVENT_H
#define _KBPF_LINUX_BPF_PERF_EVENT_H

#include <asm/ptrace.h>
#include <linux/types.h>

#if defined(__KBPF_ABI_LINUX__) && defined(__TARGET_ARCH_x86)
typedef struct pt_regs bpf_user_pt_regs_t;
#elif defined(__KBPF_ABI_LINUX__) && defined(__TARGET_ARCH_arm64)
typedef struct user_pt_regs bpf_user_pt_regs_t;
#else
typedef struct user_regs_struct bpf_user_pt_regs_t;
#endif

struct bpf_perf_event_data {
  bpf_user_pt_regs_t regs;
  __u64 sample_period;
  __u64 addr;
};

#endif
