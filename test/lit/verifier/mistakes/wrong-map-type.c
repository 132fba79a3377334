// SPDX-License-Identifier: MIT OR Apache-2.0
// A helper that does not work on this type of map.
// Ring buffers have records, no elements.
// RUN: not %bpfcc -O2 %s -o %t.o 2>&1 | FileCheck %s
// RUN: %bpfcc -O2 -DMENDED %s -o %t.mended.o
// CHECK: error: {{.*}}[V046
#include "Inputs/common.h"

SEC("kprobe/f")
int store(struct pt_regs *ctx) {
  __u32 pid = bpf_get_current_pid_tgid() >> 32;
#ifdef MENDED
  bpf_ringbuf_output(&events, &pid, sizeof(pid), 0);
#else
  bpf_map_update_elem(&events, &pid, &pid, BPF_ANY);
#endif
  return 0;
}
