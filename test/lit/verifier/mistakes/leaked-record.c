// SPDX-License-Identifier: MIT OR Apache-2.0
// A ring-buffer record that one path forgets.
// Submit or discard it before every return.
// RUN: not %bpfcc -O2 %s -o %t.o 2>&1 | FileCheck %s
// RUN: %bpfcc -O2 -DMENDED %s -o %t.mended.o
// CHECK: error: {{.*}}[V047
#include "Inputs/common.h"

SEC("kprobe/f")
int trace(struct pt_regs *ctx) {
  struct event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
  if (!event)
    return 0;
  event->pid = bpf_get_current_pid_tgid() >> 32;
  event->size = PT_REGS_PARM1(ctx);
  if (event->size == 0) {
#ifdef MENDED
    bpf_ringbuf_discard(event, 0);
#endif
    return 0;
  }
  bpf_ringbuf_submit(event, 0);
  return 0;
}
