// SPDX-License-Identifier: MIT OR Apache-2.0
// A size and a type that agree.
// RUN: %bpfcc %s --stop-after=collect_maps --print-after=collect_maps | FileCheck %s
#include "../Inputs/defs.h"
struct {
  __uint(type, 1);
  __uint(max_entries, 1);
  __uint(key_size, 4);
  __type(key, u32);
  __type(value, u64);
  __uint(value_size, 8);
} m SEC(".maps");
// CHECK: type hash key 4 value 8
