// SPDX-License-Identifier: MIT OR Apache-2.0
// A helper's name may be written without bpf_.
// RUN: %bpfcc %s -Dktime_get_ns=unused --stop-after=resolve --print-after=resolve | FileCheck %s
#include "../Inputs/defs.h"
u64 get_smp_processor_id(void);
SEC("kprobe/f") int p(void *ctx) {
  // CHECK: ExternCall get_smp_processor_id -> helper 8 get_smp_processor_id
  return get_smp_processor_id();
}
