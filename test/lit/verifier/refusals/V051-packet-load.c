// SPDX-License-Identifier: MIT OR Apache-2.0
// Packet loads are for programs that filter sockets or classify traffic, with their context in r6.
// RUN: %bpfcc --abi=linux -O2 %s -o %t.o && not %bindir/kbpf-verify %t.o | FileCheck %s
// RUN: %bpfcc --abi=linux -O2 -DMENDED %s -o %t.mended.o && %bindir/kbpf-verify %t.mended.o
// CHECK: refused: V051
#include "../mistakes/Inputs/common.h"

#ifdef MENDED
#define SECTION "socket"
#else
#define SECTION "xdp"
#endif
SEC(SECTION)
__attribute__((naked)) int f(void) {
  asm volatile("r6 = r1\n"
               "r0 = *(u8 *)skb[12]\n"
               "exit");
}
