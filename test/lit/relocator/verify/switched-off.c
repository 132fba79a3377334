// SPDX-License-Identifier: MIT OR Apache-2.0
// -fno-bpf-verify leaves the verdict to the kernel.
// RUN: %bpfcc -fno-bpf-verify %s -o %t.o
// RUN: llvm-readelf -S %t.o | FileCheck %s
#include "../Inputs/defs.h"
HASH(counts);
SEC("kprobe/f") int p(void *ctx) {
  u32 key = 0;
  return *(u64 *)lookup_elem(&counts, &key);
}
// CHECK: .kbpf.progs
