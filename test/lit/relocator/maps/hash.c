// SPDX-License-Identifier: MIT OR Apache-2.0
// A hash table with key and value given by type.
// RUN: %bpfcc %s --stop-after=collect_maps --print-after=collect_maps | FileCheck %s
#include "../Inputs/defs.h"
struct {
  __uint(type, 1);
  __uint(max_entries, 1024);
  __type(key, u32);
  __type(value, u64);
} m SEC(".maps");
// CHECK: map 0 m defined type hash key 4 value 8 entries 1024 flags 0x0{{$}}
