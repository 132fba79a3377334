// SPDX-License-Identifier: MIT OR Apache-2.0
// All of Linux's helpers are declared with their types; what a kernel lacks is refused where it is called.
// RUN: %bpfcc --abi=linux -Wall -Werror %s -o %t.o && llvm-objdump -d %t.o | FileCheck %s
// RUN: not %bpfcc %s -o %t.2.o 2>&1 | FileCheck %s --check-prefix=KBPF
// CHECK: call 0x83
// CHECK: call 0x84
#include <bpf/bpf_helpers.h>
#include <linux/bpf.h>
char license[] SEC("license") = "GPL";
struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 4096);
} ring SEC(".maps");
SEC("xdp") int probe(struct xdp_md *ctx) {
  __u64 *slot = bpf_ringbuf_reserve(&ring, 8, 0);
  if (slot)
    bpf_ringbuf_submit(slot, BPF_RB_NO_WAKEUP);
  // KBPF: [[#@LINE+1]]:{{[0-9]+}}: error: {{.*}}bpf_redirect
  return bpf_redirect(1, 0);
}
