// SPDX-License-Identifier: MIT OR Apache-2.0
// Maps nest once.
// RUN: not %bpfcc %s --abi=linux --stop-after=resolve 2>&1 | FileCheck %s --implicit-check-not=error:
#include "../Inputs/defs.h"
struct innermost { __uint(type, 2); __uint(max_entries, 4); __type(key, u32); __type(value, u64); };
struct inner { __uint(type, 12); __uint(max_entries, 4); __type(key, u32); __array(values, struct innermost); };
struct { __uint(type, 12); __uint(max_entries, 8); __type(key, u32); __array(values, struct inner); } outer SEC(".maps");
// CHECK: error: map 'outer.inner': a map inside a map cannot hold maps itself
