// SPDX-License-Identifier: MIT OR Apache-2.0
// Compile for a kernel that has the instruction, or do without it.
// RUN: not %bpfcc --abi=zcore -O2 %s -o %t.o 2>&1 | FileCheck %s
// RUN: %bpfcc --abi=zcore -O2 -DMENDED %s -o %t.mended.o
// CHECK: error: atomic operation; kernels of profile 'zcore' have none
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("kprobe/f")
int f(void *ctx) {
  volatile __u64 calls = 0;
#ifdef MENDED
  calls += 1;
#else
  __sync_fetch_and_add(&calls, 1);
#endif
  return calls;
}
char license[] SEC("license") = "GPL";
