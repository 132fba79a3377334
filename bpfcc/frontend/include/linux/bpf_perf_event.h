/* SPDX-License-Identifier: MIT OR Apache-2.0
 * The context of a perf_event program. */
#ifndef _KBPF_LINUX_BPF_PERF_EVENT_H
#define _KBPF_LINUX_BPF_PERF_EVENT_H

#include <asm/bpf_perf_event.h>
#include <linux/types.h>

struct bpf_perf_event_data {
  bpf_user_pt_regs_t regs;
  __u64 sample_period;
  __u64 addr;
};

#endif
