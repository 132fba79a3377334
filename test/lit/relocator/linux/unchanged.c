// SPDX-License-Identifier: MIT OR Apache-2.0
// An object that needs nothing resolved stays as it is, byte for byte.
// RUN: %clang -target bpf -O2 -g -c %s -o %t.in.o
// RUN: %bpfcc --abi=linux %t.in.o -o %t.o
// RUN: cmp %t.in.o %t.o
#include "../Inputs/defs.h"
HASH(counts);
SEC("kprobe/f") int p(void *ctx) {
  u32 key = 0;
  return lookup_elem(&counts, &key) != 0;
}
