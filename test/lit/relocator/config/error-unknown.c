// SPDX-License-Identifier: MIT OR Apache-2.0
// A configuration value that the profile does not know, needed and with a slip of the pen.
// RUN: not %bpfcc %s --stop-after=resolve 2>&1 | FileCheck %s --implicit-check-not=error:
#include "../Inputs/defs.h"
extern int CONFIG_HZ __attribute__((section(".kconfig")));
extern int LINUX_KERNEL_VERSIO __attribute__((section(".kconfig")));
SEC("kprobe/f") int p(void *ctx) {
  // CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: the value of 'CONFIG_HZ' is not known: profile 'kbpf' has no such configuration; declared __weak it is 0
  int hz = CONFIG_HZ;
  // CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: the value of 'LINUX_KERNEL_VERSIO' is not known: profile 'kbpf' has no such configuration; did you mean 'LINUX_KERNEL_VERSION'?; declared __weak it is 0
  return hz + LINUX_KERNEL_VERSIO;
}
