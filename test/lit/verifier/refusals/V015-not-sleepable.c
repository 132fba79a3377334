// SPDX-License-Identifier: MIT OR Apache-2.0
// Leave the ".s" of the section away, or attach the program to what may sleep: uprobe.s, fentry.s, fexit.s, iter.s, lsm.s, syscall.
// RUN: %bpfcc --abi=linux -O2 %s -o %t.o && not %bindir/kbpf-verify %t.o | FileCheck %s
// RUN: %bpfcc --abi=linux -O2 -DMENDED %s -o %t.mended.o && %bindir/kbpf-verify %t.mended.o
// CHECK: refused: V015
#include "../mistakes/Inputs/common.h"

#ifdef MENDED
SEC("uprobe.s/f")
#else
SEC("tp.s/syscalls/sys_enter_write")
#endif
int f(void *ctx) {
  return 0;
}
