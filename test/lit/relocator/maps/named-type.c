// SPDX-License-Identifier: MIT OR Apache-2.0
// The definition may be a named structure, for several maps.
// RUN: %bpfcc %s --stop-after=collect_maps --print-after=collect_maps | FileCheck %s
#include "../Inputs/defs.h"
struct definition {
  __uint(type, 2);
  __uint(max_entries, 4);
  __type(key, u32);
  __type(value, u64);
};
struct definition a SEC(".maps"), b SEC(".maps");
// CHECK: map 0 a defined type array key 4 value 8 entries 4
// CHECK: map 1 b defined type array key 4 value 8 entries 4
