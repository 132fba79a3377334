// SPDX-License-Identifier: MIT OR Apache-2.0
// Use a program type whose context is known.
// RUN: %bpfcc --abi=linux -O2 %s -o %t.o && not %bindir/kbpf-verify %t.o | FileCheck %s
// RUN: %bpfcc --abi=linux -O2 -DMENDED %s -o %t.mended.o && %bindir/kbpf-verify %t.mended.o
// CHECK: refused: V004
#include "../mistakes/Inputs/common.h"

#ifdef MENDED
SEC("socket")
#else
SEC("netfilter")
#endif
int f(void *ctx) {
  return 0;
}
