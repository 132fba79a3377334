// SPDX-License-Identifier: MIT OR Apache-2.0
// A record that is used after it was submitted.
// From then on it is the reader's: read it before.
// RUN: not %bpfcc -O2 %s -o %t.o 2>&1 | FileCheck %s
// RUN: %bpfcc -O2 -DMENDED %s -o %t.mended.o
// CHECK: error: {{.*}}[V022
#include "Inputs/common.h"

SEC("kprobe/f")
int trace(struct pt_regs *ctx) {
  struct event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
  if (!event)
    return 0;
  event->pid = bpf_get_current_pid_tgid() >> 32;
#ifdef MENDED
  int pid = event->pid;
  bpf_ringbuf_submit(event, 0);
  return pid;
#else
  bpf_ringbuf_submit(event, 0);
  return event->pid;
#endif
}
