// SPDX-License-Identifier: MIT OR Apache-2.0
// __type(value, T) of a ring buffer is for its readers: kernels make none with a size of values.
// RUN: %bpfcc %s --stop-after=collect_maps --print-after=collect_maps | FileCheck %s
// CHECK: map 0 events {{.*}} key 0 value 0 entries 4096
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
struct event { int pid; };
struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 4096);
  __type(value, struct event);
} events SEC(".maps");
SEC("kprobe/x") int p(void *ctx) { return 0; }
