// SPDX-License-Identifier: MIT OR Apache-2.0
// A number that is no number.
// RUN: not %bpfcc %s --stop-after=resolve 2>&1 | FileCheck %s --implicit-check-not=error:
#include "../Inputs/defs.h"
struct {
  __uint(type, 1);
  int max_entries;
  __type(key, u32);
  __type(value, u64);
} m SEC(".maps");
// CHECK: [[#@LINE-1]]:3: error: map 'm': attribute 'max_entries' is no number; write __uint(max_entries, N)
SEC("kprobe/f") int p(void *ctx) { return 0; }
// The object for Linux is its loader's to judge.
// RUN: %bpfcc --abi=linux %s -o %t.o 2>&1 | FileCheck %s --check-prefix=LINUX
// LINUX: [[#@LINE-5]]:3: warning: map 'm': attribute 'max_entries' is no number; write __uint(max_entries, N); libbpf does not load this map
