// SPDX-License-Identifier: MIT OR Apache-2.0
// Counters that live in the stack, since helpers get their address or they are volatile, bound their loops, however they would
// be laid out beside others.
// RUN: %bpfcc -O2 --verify-report %s -o %t.o | FileCheck %s
// RUN: %bpfcc -O0 --verify-report %s -o %t.o | FileCheck %s
#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <bpf/bpf_helpers.h>

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 16);
  __type(key, __u32);
  __type(value, __u64);
} counts SEC(".maps");

// CHECK: key: accepted
SEC("kprobe/f")
int key(struct pt_regs *ctx) {
  __u64 sum = 0;
  for (__u32 i = 0; i < 10; i++) {
    __u64 *value = bpf_map_lookup_elem(&counts, &i);
    if (value)
      sum += *value;
  }
  return sum;
}

// CHECK: two: accepted
SEC("kprobe/f")
int two(struct pt_regs *ctx) {
  volatile int sum = 0;
  for (volatile int i = 0; i < 5; i++)
    for (volatile int j = 0; j < 4; j++)
      sum += i * j;
  return sum;
}

char license[] SEC("license") = "GPL";
