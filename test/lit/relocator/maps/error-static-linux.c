// SPDX-License-Identifier: MIT OR Apache-2.0
// libbpf refuses static maps; the kernel itself does not.
// RUN: %bpfcc %s -o %t.o
// RUN: not %bpfcc %s --abi=linux --stop-after=resolve 2>&1 | FileCheck %s --implicit-check-not=error:
#include "../Inputs/defs.h"
static HASH(hidden);
SEC("kprobe/f") int p(void *ctx) {
  u32 key = 0;
  // CHECK: error: map 'hidden' is static, which libbpf refuses
  return lookup_elem(&hidden, &key) != 0;
}
