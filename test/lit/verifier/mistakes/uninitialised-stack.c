// SPDX-License-Identifier: MIT OR Apache-2.0
// A key with bytes that were never written.
// The padding is part of the key: start from zeroes. The kernel would clear the byte, so this is a warning.
// RUN: %bpfcc -O2 %s -o %t.o 2>&1 | FileCheck %s
// RUN: %bpfcc -O2 -Werror -DMENDED %s -o %t.mended.o
// CHECK: uninitialised-stack.c:[[#@LINE+16]]:{{.*}} warning: 4 bytes of the stack are read; byte 3
#include "Inputs/common.h"

struct flow {
  __u16 port;
  __u8 protocol; // a byte of padding follows
};

SEC("kprobe/f")
int count(struct pt_regs *ctx) {
  struct flow flow;
#ifdef MENDED
  __builtin_memset(&flow, 0, sizeof(flow));
#endif
  flow.port = 53;
  flow.protocol = 17;
  __u64 *value = bpf_map_lookup_elem(&counts, &flow);
  return value ? *value : 0;
}
