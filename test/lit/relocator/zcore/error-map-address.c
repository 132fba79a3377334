// SPDX-License-Identifier: MIT OR Apache-2.0
// The file descriptor stands at the symbol, nowhere else.
// RUN: not %bpfcc %s --abi=zcore --stop-after=resolve 2>&1 | FileCheck %s --implicit-check-not=error:
#include "../Inputs/defs.h"
extern int map_fd[];
int entry(u64 *ctx) {
  int fd;
  // CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: address 'map_fd' + 4; a map's file descriptor stands at offset 0 only
  asm volatile("r1 = map_fd + 4 ll; %0 = *(u32 *)(r1 + 0)" : "=r"(fd)::"r1");
  return fd;
}
