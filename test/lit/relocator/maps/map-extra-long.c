// SPDX-License-Identifier: MIT OR Apache-2.0
// A 64-bit number is an enumeration (__ulong).
// RUN: %bpfcc %s --stop-after=collect_maps --print-after=collect_maps | FileCheck %s
#include "../Inputs/defs.h"
struct {
  __uint(type, 1);
  __uint(max_entries, 1);
  __type(key, u32);
  __type(value, u64);
  __ulong(map_extra, 0x123456789abc);
} m SEC(".maps");
// CHECK: extra 0x123456789abc
