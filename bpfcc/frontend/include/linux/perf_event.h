/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Performance events: the kinds and numbers that programs compare. */
#ifndef _KBPF_LINUX_PERF_EVENT_H
#define _KBPF_LINUX_PERF_EVENT_H

#include <linux/types.h>

enum {
  PERF_TYPE_HARDWARE,
  PERF_TYPE_SOFTWARE,
  PERF_TYPE_TRACEPOINT,
  PERF_TYPE_HW_CACHE,
  PERF_TYPE_RAW,
  PERF_TYPE_BREAKPOINT
};
enum {
  PERF_COUNT_HW_CPU_CYCLES,
  PERF_COUNT_HW_INSTRUCTIONS,
  PERF_COUNT_HW_CACHE_REFERENCES,
  PERF_COUNT_HW_CACHE_MISSES,
  PERF_COUNT_HW_BRANCH_INSTRUCTIONS,
  PERF_COUNT_HW_BRANCH_MISSES,
  PERF_COUNT_HW_BUS_CYCLES
};
enum {
  PERF_COUNT_SW_CPU_CLOCK,
  PERF_COUNT_SW_TASK_CLOCK,
  PERF_COUNT_SW_PAGE_FAULTS,
  PERF_COUNT_SW_CONTEXT_SWITCHES,
  PERF_COUNT_SW_CPU_MIGRATIONS
};
#define PERF_MAX_STACK_DEPTH 127

/* One taken branch, as bpf_read_branch_records gives it. */
struct perf_branch_entry {
  __u64 from;
  __u64 to;
  __u64 mispred : 1, predicted : 1, in_tx : 1, abort : 1, cycles : 16, type : 4, spec : 2, new_type : 4,
      priv : 3, reserved : 31;
};

#endif
