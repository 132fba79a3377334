// SPDX-License-Identifier: MIT OR Apache-2.0
// The nearest name helps where the right helper has a similar one.
// RUN: not %bpfcc %s --stop-after=resolve 2>&1 | FileCheck %s --implicit-check-not=error:
#include "../Inputs/defs.h"
static long (*const print)(char *out, u32 size, void *object, u32 object_size, u64 flags) = (void *)149;
SEC("kprobe/f") int p(void *ctx) {
  // CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: helper 149 (bpf_snprintf_btf) is not in profile 'kbpf'; the nearest it has is bpf_snprintf
  return print(0, 0, 0, 0, 0);
}
