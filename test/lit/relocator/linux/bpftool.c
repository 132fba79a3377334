// SPDX-License-Identifier: MIT OR Apache-2.0
// bpftool reads the objects and links them, helpers by name included.
// REQUIRES: bpftool
// RUN: %bpfcc --abi=linux %s -o %t.o
// RUN: bpftool gen object %t.linked.o %t.o
// RUN: bpftool btf dump file %t.o | FileCheck %s
#include "../Inputs/defs.h"
HASH(counts);
u64 bpf_ktime_get_ns(void);
int total = 1;
SEC("kprobe/f") int p(void *ctx) {
  u64 now = bpf_ktime_get_ns();
  total++;
  return lookup_elem(&counts, &now) != 0;
}
// CHECK: VAR 'counts'
