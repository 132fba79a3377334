// SPDX-License-Identifier: MIT OR Apache-2.0
// A weak string that is not known is empty.
// RUN: %bpfcc %s -o %t.o --print-after=collect_maps | FileCheck %s
#include "../Inputs/defs.h"
extern const char CONFIG_CC_VERSION_TEXT[20] __attribute__((section(".kconfig"))) __weak;
SEC("kprobe/f") int p(void *ctx) { return CONFIG_CC_VERSION_TEXT[19]; }
// CHECK: .kconfig config type array key 4 value 20
