// SPDX-License-Identifier: MIT OR Apache-2.0
// A helper that Linux has and this kernel lacks is named.
// RUN: not %bpfcc %s --stop-after=resolve 2>&1 | FileCheck %s --implicit-check-not=error:
#include "../Inputs/defs.h"
static long (*const loop)(u32 n, void *f, void *context, u64 flags) = (void *)181;
SEC("kprobe/f") int p(void *ctx) {
  // CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: helper 181 (bpf_loop) is not in profile 'kbpf'
  return loop(1, 0, 0, 0);
}
