// SPDX-License-Identifier: MIT OR Apache-2.0
// A kernel variable where the kernel offers none.
// RUN: not %bpfcc %s --stop-after=resolve 2>&1 | FileCheck %s --implicit-check-not=error:
#include "../Inputs/defs.h"
extern const int jiffies __attribute__((section(".ksyms")));
SEC("kprobe/f") int p(void *ctx) {
  // CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: 'jiffies' is in .ksyms, which kernels of profile 'kbpf' don't offer; with --kernel=FILE, the kernel's, its address is known
  return jiffies;
}
