// SPDX-License-Identifier: MIT OR Apache-2.0
// A packet that is checked for too few bytes.
// Check for all bytes that are read.
// RUN: not %bpfcc -O2 %s -o %t.o 2>&1 | FileCheck %s
// RUN: %bpfcc -O2 -DMENDED %s -o %t.mended.o
// CHECK: error: {{.*}}[V033
#include "Inputs/common.h"

SEC("xdp")
int judge(struct xdp_md *ctx) {
  unsigned char *data = (void *)(long)ctx->data;
  unsigned char *end = (void *)(long)ctx->data_end;
#ifdef MENDED
  if (data + 14 > end)
#else
  if (data + 13 > end)
#endif
    return XDP_DROP;
  return data[13] ? XDP_PASS : XDP_DROP;
}
