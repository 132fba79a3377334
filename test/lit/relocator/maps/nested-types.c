// SPDX-License-Identifier: MIT OR Apache-2.0
// Sizes are found behind typedefs, qualifiers, arrays and structures.
// RUN: %bpfcc %s --stop-after=collect_maps --print-after=collect_maps | FileCheck %s
#include "../Inputs/defs.h"
struct pair { u32 a; u64 b; };
typedef const volatile struct pair pairs_t[3];
struct {
  __uint(type, 1);
  __uint(max_entries, 1);
  __type(key, struct pair);
  __type(value, pairs_t);
} m SEC(".maps");
// CHECK: key 16 value 48
