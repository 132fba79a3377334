// SPDX-License-Identifier: MIT OR Apache-2.0
// The nearest name helps where the right helper has a similar one.
// RUN: not %bpfcc %s --stop-after=resolve 2>&1 | FileCheck %s --implicit-check-not=error:
#include "../Inputs/defs.h"
static long (*const write_user)(void *dst, const void *src, u64 len) = (void *)36;
SEC("kprobe/f") int p(void *ctx) {
  // CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: helper 36 (bpf_probe_write_user) is not in profile 'kbpf'; the nearest it has is bpf_probe_read_user
  return write_user(ctx, ctx, 8);
}
