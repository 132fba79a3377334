// SPDX-License-Identifier: MIT OR Apache-2.0
// A record that may not have been reserved.
// The buffer may be full: compare with null.
// RUN: not %bpfcc -O2 %s -o %t.o 2>&1 | FileCheck %s
// RUN: %bpfcc -O2 -DMENDED %s -o %t.mended.o
// CHECK: error: {{.*}}[V023
#include "Inputs/common.h"

SEC("kprobe/f")
int trace(struct pt_regs *ctx) {
  struct event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
#ifdef MENDED
  if (!event)
    return 0;
#endif
  event->pid = 1;
  bpf_ringbuf_submit(event, 0);
  return 0;
}
