// SPDX-License-Identifier: MIT OR Apache-2.0
// numa_node sets the flag that makes it count.
// RUN: %bpfcc %s --stop-after=collect_maps --print-after=collect_maps | FileCheck %s
#include "../Inputs/defs.h"
struct {
  __uint(type, 1);
  __uint(max_entries, 1);
  __uint(numa_node, 2);
  __type(key, u32);
  __type(value, u64);
} m SEC(".maps");
// CHECK: flags 0x4 numa_node 2
