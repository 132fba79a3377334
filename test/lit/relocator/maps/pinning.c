// SPDX-License-Identifier: MIT OR Apache-2.0
// pinning by name.
// RUN: %bpfcc %s --stop-after=collect_maps --print-after=collect_maps | FileCheck %s
#include "../Inputs/defs.h"
struct {
  __uint(type, 1);
  __uint(max_entries, 1);
  __uint(pinning, 1);
  __type(key, u32);
  __type(value, u64);
} m SEC(".maps");
// CHECK: pinning 1
