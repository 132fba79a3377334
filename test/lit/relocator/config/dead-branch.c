// SPDX-License-Identifier: MIT OR Apache-2.0
// The values are constants to the verifier: what they switch off is not checked.
// RUN: %bpfcc %s -o %t.o
// RUN: not %bpfcc %s -DLIVE -o %t.o 2>&1 | FileCheck %s
#include "../Inputs/defs.h"
extern _Bool CONFIG_TRAP __attribute__((section(".kconfig"))) __weak;
HASH(counts);
SEC("kprobe/f") int p(void *ctx) {
  u32 key = 0;
#ifdef LIVE
  if (!CONFIG_TRAP)
#else
  if (CONFIG_TRAP)
#endif
    return *(int *)lookup_elem(&counts, &key); // CHECK: [[#@LINE]]:{{[0-9]+}}: error: {{.*}}possibly-null
  return 0;
}
