/* SPDX-License-Identifier: MIT OR Apache-2.0
 * The context of a perf_event program. */
#ifndef _KBPF_LINUX_BPF_PERF_EVENT_H
#define _KBPF_LINUX_BPF_PERF_EVENT_H

#include <asm/ptrace.h>
#include <linux/types.h>

typedef struct pt_regs bpf_user_pt_regs_t;
struct bpf_perf_event_data {
  bpf_user_pt_regs_t regs;
  __u64 sample_period;
  __u64 addr;
};

#endif
