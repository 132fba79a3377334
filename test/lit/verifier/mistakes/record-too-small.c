// SPDX-License-Identifier: MIT OR Apache-2.0
// A record of the wrong size.
// Reserve the size of what is written.
// RUN: not %bpfcc -O2 %s -o %t.o 2>&1 | FileCheck %s
// RUN: %bpfcc -O2 -DMENDED %s -o %t.mended.o
// CHECK: error: {{.*}}[V049
#include "Inputs/common.h"

SEC("kprobe/f")
int trace(struct pt_regs *ctx) {
#ifdef MENDED
  struct event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
#else
  struct event *event = bpf_ringbuf_reserve(&events, sizeof(event->pid), 0);
#endif
  if (!event)
    return 0;
  event->size = 1;
  bpf_ringbuf_submit(event, 0);
  return 0;
}
