// SPDX-License-Identifier: MIT OR Apache-2.0
// Beyond three arguments the array form is used.
// RUN: %bpfcc --abi=linux -S -Wall -Werror %s -o - | FileCheck %s
#include <bpf/bpf_helpers.h>
// CHECK-LABEL: f:
// CHECK: w4 = 32
// CHECK: call 177
int f(void) { return bpf_printk("%d %d %d %d", 1, 2, 3, 4); }
