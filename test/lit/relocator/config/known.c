// SPDX-License-Identifier: MIT OR Apache-2.0
// What the profile knows stands in a constant map; weak values that it does not know are 0.
// RUN: %bpfcc %s -o %t.o --print-after=resolve | FileCheck %s
// RUN: llvm-readelf -x .kconfig %t.o | FileCheck %s --check-prefix=BYTES
#include "../Inputs/defs.h"
#define CONFIG __attribute__((section(".kconfig")))
extern int LINUX_KERNEL_VERSION CONFIG;
extern _Bool CONFIG_SMP CONFIG __weak;
extern _Bool LINUX_HAS_SYSCALL_WRAPPER CONFIG;
SEC("kprobe/f") int p(void *ctx) { return LINUX_KERNEL_VERSION + CONFIG_SMP + LINUX_HAS_SYSCALL_WRAPPER; }
// CHECK: map [[#MAP:]] .kconfig config type array key 4 value 17 entries 1 flags 0x80 read-only
// CHECK-DAG: ExternRef LINUX_KERNEL_VERSION -> map [[#MAP]] .kconfig+0
// CHECK-DAG: ExternRef CONFIG_SMP -> map [[#MAP]] .kconfig+8
// CHECK-DAG: ExternRef LINUX_HAS_SYSCALL_WRAPPER -> map [[#MAP]] .kconfig+16
// BYTES: 00060600 00000000 00000000 00000000
// BYTES: 00
