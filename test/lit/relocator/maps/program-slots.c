// SPDX-License-Identifier: MIT OR Apache-2.0
// __array(values, function) is for maps of programs.
// RUN: %bpfcc --abi=linux %s --stop-after=collect_maps --print-after=collect_maps | FileCheck %s
#include "../Inputs/defs.h"
struct {
  __uint(type, 3);
  __uint(max_entries, 8);
  __uint(key_size, 4);
  __array(values, int(void *));
} table SEC(".maps");
// CHECK: map 0 table defined type prog_array key 4 value 4 entries 8
