// SPDX-License-Identifier: MIT OR Apache-2.0
// libbpf knows no helper by name: the call gets its number, relocation and symbol go.
// RUN: %bpfcc --abi=linux %s -o %t.o
// RUN: llvm-readelf -s -r %t.o | FileCheck %s --implicit-check-not=bpf_ktime_get_ns
// RUN: llvm-objdump -d %t.o | FileCheck %s --check-prefix=CODE
#include "../Inputs/defs.h"
HASH(counts);
u64 bpf_ktime_get_ns(void);
SEC("kprobe/f") int p(void *ctx) {
  // CODE: 85 00 00 00 05 00 00 00
  u64 now = bpf_ktime_get_ns();
  return lookup_elem(&counts, &now) != 0;
}
// CHECK: contains 1 entries
// CHECK: R_BPF_64_64 {{.*}} counts
// CHECK: FUNC GLOBAL DEFAULT {{.*}} p
