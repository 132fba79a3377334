// SPDX-License-Identifier: MIT OR Apache-2.0
// Each use of a map has its own relocation and all have one symbol.
// RUN: %bpfcc --abi=zcore %s -o %t.o
// RUN: llvm-readelf -S -s -r %t.o | FileCheck %s
#include "../Inputs/defs.h"
extern int map_fd;
static long (*const lookup)(int map, const void *key, void *value) = (void *)1;
int entry(void *ctx) {
  u32 key = 0;
  u64 value = 0;
  lookup(map_fd, &key, &value);
  asm volatile("" ::: "memory", "r6", "r7", "r8", "r9");
  lookup(map_fd, &key, &value);
  return value;
}
// CHECK: contains 2 entries
// CHECK-COUNT-2: R_BPF_64_64
// CHECK: contains 3 entries
