// SPDX-License-Identifier: MIT OR Apache-2.0
// key_size and value_size instead of types.
// RUN: %bpfcc %s --stop-after=collect_maps --print-after=collect_maps | FileCheck %s
#include "../Inputs/defs.h"
struct {
  __uint(type, 1);
  __uint(max_entries, 1);
  __uint(key_size, 12);
  __uint(value_size, 20);
} m SEC(".maps");
// CHECK: type hash key 12 value 20 entries 1
