// SPDX-License-Identifier: MIT OR Apache-2.0
// The nearest name helps where the right helper has a similar one.
// RUN: not %bpfcc %s --stop-after=resolve 2>&1 | FileCheck %s --implicit-check-not=error:
#include "../Inputs/defs.h"
static u64 (*const boot_ns)(void) = (void *)125;
SEC("kprobe/f") int p(void *ctx) {
  // CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: helper 125 (bpf_ktime_get_boot_ns) is not in profile 'kbpf'; the nearest it has is bpf_ktime_get_ns
  return boot_ns();
}
