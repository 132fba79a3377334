// SPDX-License-Identifier: MIT OR Apache-2.0
// A name that the kernel does not have: the nearest is one of its own.
// RUN: %bindir/kbpf-export-profile %bindir/embedder --no-functions --name="my kernel" -o %t.profile
// RUN: not %bpfcc --kernel=%t.profile %s -o %t.o 2>&1 | FileCheck %s --implicit-check-not=error:
#include "../relocator/Inputs/defs.h"
extern u32 mykernel_hsh(const void *data, u32 size, u32 seed);
SEC("syscall") int p(void *ctx) {
  // CHECK: helper-nearest.c:[[@LINE+1]]:{{[0-9]+}}: error: undefined function 'mykernel_hsh': neither in this file nor a helper of profile 'my kernel'; did you mean 'mykernel_hash'?
  return mykernel_hsh("", 1, 0);
}
