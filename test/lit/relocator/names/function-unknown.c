// SPDX-License-Identifier: MIT OR Apache-2.0
// A function that is neither here nor a helper, with the nearest helper.
// RUN: not %bpfcc %s --stop-after=resolve 2>&1 | FileCheck %s --implicit-check-not=error:
#include "../Inputs/defs.h"
u64 bpf_ktime_get_nss(void);
SEC("kprobe/f") int p(void *ctx) {
  // CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: undefined function 'bpf_ktime_get_nss': neither in this file nor a helper of profile 'kbpf'; did you mean 'bpf_ktime_get_ns'?
  return bpf_ktime_get_nss();
}
