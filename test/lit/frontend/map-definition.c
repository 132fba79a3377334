// SPDX-License-Identifier: MIT OR Apache-2.0
// RUN: %bpfcc %s --print-after=collect_maps --stop-after=collect_maps -o %t.o | FileCheck %s
// CHECK: counts
#include <bpf/bpf_helpers.h>
#include <linux/bpf.h>
char license[] SEC("license") = "GPL";
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 64);
  __type(key, int);
  __type(value, long);
} counts SEC(".maps");
SEC("kprobe/f") int probe(void *ctx) {
  int key = 0;
  return bpf_map_lookup_elem(&counts, &key) != NULL;
}
