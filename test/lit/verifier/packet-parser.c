// SPDX-License-Identifier: MIT OR Apache-2.0
// Accepted: a parser of packets whose header has a length of its own, at every level of optimisation.
// RUN: %bpfcc -O1 -mcpu=v2 %s -o %t.1.o
// RUN: %bpfcc -O2 -mcpu=v3 %s -o %t.2.o
// RUN: %bpfcc -O2 -mcpu=v4 %s -o %t.3.o
// RUN: %bpfcc -Os -mcpu=v4 %s -o %t.4.o
// RUN: %bindir/kbpf-verify %t.1.o %t.2.o %t.3.o %t.4.o | FileCheck %s
// Refused without the second comparison.
// RUN: not %bpfcc -O2 -DUNCHECKED %s -o %t.o 2>&1 | FileCheck --check-prefix=REFUSED %s
// CHECK-COUNT-8: accepted
// REFUSED: error: {{.*}} [V033 packet-out-of-bounds]
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

unsigned ports[256];

static int parse(void *data, void *end) {
  unsigned char *ip = data + 14;
  if (data + 34 > end || ip[9] != 17)
    return 0;
  unsigned char *udp = ip + (ip[0] & 15) * 4;
#ifndef UNCHECKED
  if ((void *)udp + 8 > end)
    return 0;
#endif
  ports[udp[3]]++;
  return 1;
}

SEC("xdp")
int drops(struct xdp_md *ctx) {
  return parse((void *)(long)ctx->data, (void *)(long)ctx->data_end) ? 1 : 2;
}

SEC("tc")
int classifies(struct __sk_buff *skb) {
  skb->mark = parse((void *)(long)skb->data, (void *)(long)skb->data_end);
  return 0;
}
