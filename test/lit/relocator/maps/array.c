// SPDX-License-Identifier: MIT OR Apache-2.0
// An array.
// RUN: %bpfcc %s --stop-after=collect_maps --print-after=collect_maps | FileCheck %s
#include "../Inputs/defs.h"
struct {
  __uint(type, 2);
  __uint(max_entries, 3);
  __type(key, u32);
  __type(value, char[100]);
} m SEC(".maps");
// CHECK: map 0 m defined type array key 4 value 100 entries 3
