// SPDX-License-Identifier: MIT OR Apache-2.0
// RUN: not %bpfcc %s -o %t.o 2>&1 | FileCheck %s --implicit-check-not=error:
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 1); __type(key, int); __type(value, int); } counts;
SEC("kprobe/f") int f(void *ctx) {
  int key = 0;
  return bpf_map_lookup_elem(&counts, &key) != 0;
  // CHECK: [[#@LINE-1]]:10: error: argument 1, 'counts' (32 bytes), the map argument of bpf_map_lookup_elem, is a map value pointer [V043 helper-argument]
  // CHECK: note: a variable is a map where its definition ends with SEC(".maps")
}
