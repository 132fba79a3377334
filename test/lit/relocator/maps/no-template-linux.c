// SPDX-License-Identifier: MIT OR Apache-2.0
// A map of maps without a template: libbpf lets user space give one.
// RUN: %bpfcc %s --abi=linux --stop-after=collect_maps --print-after=collect_maps | FileCheck %s
// CHECK: map 0 m defined type hash_of_maps
#include "../Inputs/defs.h"
struct {
  __uint(type, 13);
  __uint(max_entries, 1);
  __type(key, u32);
  __uint(value_size, 4);
} m SEC(".maps");
SEC("kprobe/f") int p(void *ctx) { return 0; }
