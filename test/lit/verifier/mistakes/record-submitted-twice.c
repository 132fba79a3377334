// SPDX-License-Identifier: MIT OR Apache-2.0
// A record that is submitted twice.
// One of submit and discard, once.
// RUN: not %bpfcc -O2 %s -o %t.o 2>&1 | FileCheck %s
// RUN: %bpfcc -O2 -DMENDED %s -o %t.mended.o
// CHECK: error: {{.*}}[V048
#include "Inputs/common.h"

SEC("kprobe/f")
int trace(struct pt_regs *ctx) {
  struct event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
  if (!event)
    return 0;
  event->pid = 0;
  bpf_ringbuf_submit(event, 0);
#ifndef MENDED
  bpf_ringbuf_discard(event, 0);
#endif
  return 0;
}
