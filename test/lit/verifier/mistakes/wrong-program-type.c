// SPDX-License-Identifier: MIT OR Apache-2.0
// A helper that programs of this type do not have.
// Packets are judged without a process: get_current_comm is for probes.
// RUN: not %bpfcc -O2 %s -o %t.o 2>&1 | FileCheck %s
// RUN: %bpfcc -O2 -DMENDED %s -o %t.mended.o
// CHECK: error: {{.*}}[V041
#include "Inputs/common.h"

SEC("xdp")
int judge(struct xdp_md *ctx) {
  char comm[16] = {};
#ifndef MENDED
  bpf_get_current_comm(comm, sizeof(comm));
#endif
  return comm[0] == 'x' ? XDP_DROP : XDP_PASS;
}
