// SPDX-License-Identifier: MIT OR Apache-2.0
// No relocation and no undefined symbol is left.
// RUN: %bpfcc %s -o %t.o
// RUN: llvm-readelf -r -s %t.o | FileCheck %s --implicit-check-not=UND
#include "../Inputs/defs.h"
HASH(counts);
static __noinline int callee(int *a) { return *a; }
u64 bpf_ktime_get_ns(void);
SEC("kprobe/f") int p(void *ctx) {
  u32 key = bpf_ktime_get_ns();
  return lookup_elem(&counts, &key) != 0 || callee((int *)&key);
}
// CHECK: There are no relocations in this file.
// CHECK: NOTYPE LOCAL DEFAULT UND
// CHECK: FUNC LOCAL DEFAULT 1 callee
// CHECK: FUNC GLOBAL DEFAULT 1 p
