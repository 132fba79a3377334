// SPDX-License-Identifier: MIT OR Apache-2.0
// A map stays an undefined symbol with its relocation; code is in .text and nothing is allocated beside it.
// RUN: %bpfcc --abi=zcore %s -o %t.o
// RUN: llvm-readelf -S -s -r %t.o | FileCheck %s --implicit-check-not=.rodata --implicit-check-not=.data --implicit-check-not=.bss
#include "../Inputs/defs.h"
extern int map_fd;
static long (*const lookup)(int map, const void *key, void *value) = (void *)1;
int entry(void *ctx) {
  u32 key = 0;
  u64 value = 0;
  lookup(map_fd, &key, &value);
  return value;
}
// CHECK: .text PROGBITS {{.*}} AX
// CHECK: R_BPF_64_64 {{.*}} map_fd
// CHECK: FUNC GLOBAL DEFAULT [[#]] entry
// CHECK: NOTYPE GLOBAL DEFAULT UND map_fd
