// SPDX-License-Identifier: MIT OR Apache-2.0
// Definitions in SEC("maps") get the new spelling.
// RUN: not %bpfcc %s --stop-after=resolve 2>&1 | FileCheck %s --implicit-check-not=error:
#include "../Inputs/defs.h"
struct { u32 type, key_size, value_size, max_entries; } m SEC("maps") = {1, 4, 8, 16};
// CHECK: error: map definitions in SEC("maps") are not supported; write: struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, N); __type(key, K); __type(value, V); } NAME SEC(".maps")
SEC("kprobe/f") int p(void *ctx) { return 0; }
