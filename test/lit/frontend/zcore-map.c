// SPDX-License-Identifier: MIT OR Apache-2.0
// A map is an undefined symbol.
// RUN: %bpfcc --abi=zcore %s -o %t.o && llvm-readelf -r -s %t.o | FileCheck %s
// CHECK: R_BPF_64_64 {{.*}}map_fd
#include <kbpf/zcore.h>
extern int map_fd;
int entry(struct zcore_probe *ctx) {
  __u64 value = 0;
  bpf_map_lookup_elem(map_fd, &ctx->regs[10], &value);
  return value;
}
