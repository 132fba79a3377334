// SPDX-License-Identifier: MIT OR Apache-2.0
// A table of no entries: who loads it may set the number, as with libbpf.
// RUN: %bpfcc %s -o %t.o 2>&1 | FileCheck %s
// RUN: %bpfcc --dump %t.o | FileCheck --check-prefix=DUMP %s
#include "../Inputs/defs.h"
struct {
  __uint(type, 1);
  __type(key, u32);
  __type(value, u64);
} m SEC(".maps");
// CHECK: [[#@LINE-1]]:3: warning: map 'm': max_entries is missing or 0: who loads the object must set it (bpf_map__set_max_entries)
// DUMP: value 8 entries 0
SEC("kprobe/f") int p(void *ctx) { return 0; }
