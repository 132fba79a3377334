// SPDX-License-Identifier: MIT OR Apache-2.0
// Touch dynptrs by helpers only.
// RUN: not %bpfcc -O2 %s -o %t.o 2>&1 | FileCheck %s
// RUN: %bpfcc -O2 -DMENDED %s -o %t.mended.o
// CHECK: error: {{.*}}[V053
#include "../mistakes/Inputs/common.h"

SEC("kprobe/f")
int f(struct pt_regs *ctx) {
  struct bpf_dynptr record;
  __u64 value = 1;
  bpf_ringbuf_reserve_dynptr(&events, 8, 0, &record);
#ifdef MENDED
  bpf_dynptr_write(&record, 0, &value, 8, 0);
#else
  *(volatile __u64 *)&record = value;
#endif
  bpf_ringbuf_submit_dynptr(&record, 0);
  return 0;
}
