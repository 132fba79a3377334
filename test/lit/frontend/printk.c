// SPDX-License-Identifier: MIT OR Apache-2.0
// The format is constant data, its size is passed with it.
// RUN: %bpfcc -S -Wall -Werror %s -o - | FileCheck %s
#include <bpf/bpf_helpers.h>
// CHECK-LABEL: f:
// CHECK: w2 = 9
// CHECK: call 6
int f(void) { return bpf_printk("%d of %d", 1, 2); }
