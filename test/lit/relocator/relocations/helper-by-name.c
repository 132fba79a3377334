// SPDX-License-Identifier: MIT OR Apache-2.0
// A helper called as a plain extern function is found by its name.
// RUN: %bpfcc %s --stop-after=resolve --print-after=resolve | FileCheck %s
#include "../Inputs/defs.h"
u64 bpf_ktime_get_ns(void);
SEC("kprobe/f") int p(void *ctx) {
  // CHECK: ExternCall bpf_ktime_get_ns -> helper 5 ktime_get_ns
  return bpf_ktime_get_ns();
}
