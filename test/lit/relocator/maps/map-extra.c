// SPDX-License-Identifier: MIT OR Apache-2.0
// map_extra.
// RUN: %bpfcc %s --stop-after=collect_maps --print-after=collect_maps | FileCheck %s
#include "../Inputs/defs.h"
struct {
  __uint(type, 1);
  __uint(max_entries, 1);
  __uint(map_extra, 7);
  __type(key, u32);
  __type(value, u64);
} m SEC(".maps");
// CHECK: extra 0x7
