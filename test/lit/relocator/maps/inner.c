// SPDX-License-Identifier: MIT OR Apache-2.0
// __array(values, struct) gives the template of the maps inside a map.
// RUN: %bpfcc --abi=linux %s --stop-after=collect_maps --print-after=collect_maps | FileCheck %s
#include "../Inputs/defs.h"
struct inner {
  __uint(type, 2);
  __uint(max_entries, 4);
  __type(key, u32);
  __type(value, u64);
};
struct {
  __uint(type, 12);
  __uint(max_entries, 8);
  __type(key, u32);
  __array(values, struct inner);
} outer SEC(".maps");
// CHECK: map 0 outer.inner inner type array key 4 value 8 entries 4
// CHECK: map 1 outer defined type array_of_maps key 4 value 4 entries 8 flags 0x0 inner 0
