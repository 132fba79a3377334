// SPDX-License-Identifier: MIT OR Apache-2.0
// A configuration value where the kernel offers none.
// RUN: not %bpfcc %s --stop-after=resolve 2>&1 | FileCheck %s --implicit-check-not=error:
#include "../Inputs/defs.h"
extern int CONFIG_HZ __attribute__((section(".kconfig")));
SEC("kprobe/f") int p(void *ctx) {
  // CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: 'CONFIG_HZ' is in .kconfig, which kernels of profile 'kbpf' don't offer
  return CONFIG_HZ;
}
