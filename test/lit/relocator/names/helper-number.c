// SPDX-License-Identifier: MIT OR Apache-2.0
// A helper that Linux has and this kernel lacks is named.
// RUN: not %bpfcc %s --stop-after=resolve 2>&1 | FileCheck %s --implicit-check-not=error:
#include "../Inputs/defs.h"
static long (*const redirect)(u32 ifindex, u64 flags) = (void *)23;
SEC("kprobe/f") int p(void *ctx) {
  // CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: helper 23 (bpf_redirect) is not in profile 'kbpf'
  return redirect(1, 0);
}
