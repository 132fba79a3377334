// SPDX-License-Identifier: MIT OR Apache-2.0
// A buffer that is smaller than the size that is passed.
// Pass sizeof of the buffer.
// RUN: not %bpfcc -O2 %s -o %t.o 2>&1 | FileCheck %s
// RUN: %bpfcc -O2 -DMENDED %s -o %t.mended.o
// CHECK: error: {{.*}}[V025
#include "Inputs/common.h"

SEC("kprobe/f")
int name(struct pt_regs *ctx) {
  char comm[16];
#ifdef MENDED
  bpf_get_current_comm(comm, sizeof(comm));
#else
  bpf_get_current_comm(comm, 32);
#endif
  return comm[0];
}
