// SPDX-License-Identifier: MIT OR Apache-2.0
// The nearest name helps where the right helper has a similar one.
// RUN: not %bpfcc %s --stop-after=resolve 2>&1 | FileCheck %s --implicit-check-not=error:
#include "../Inputs/defs.h"
static long (*const read_event)(void *map, u64 flags) = (void *)22;
SEC("kprobe/f") int p(void *ctx) {
  // CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: helper 22 (bpf_perf_event_read) is not in profile 'kbpf'; the nearest it has is bpf_perf_event_output
  return read_event(ctx, 8);
}
