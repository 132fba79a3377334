// SPDX-License-Identifier: MIT OR Apache-2.0
// Differences of labels are numbers of any size.
// RUN: %bpfcc --abi=linux %s -o %t.o
// RUN: llvm-readelf -x .rodata.sizes %t.o | FileCheck %s
// CHECK: 08100010
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
SEC("kprobe/x") int p(void *ctx) {
  asm volatile("1: r0 = 0; 2: r0 = 0; 3: .section .rodata.sizes; .byte 2b-1b; .short 3b-1b; .byte 3b-1b; .previous" ::: "r0");
  return 0;
}
