// SPDX-License-Identifier: MIT OR Apache-2.0
// For zcore it is on the stack, and three arguments are always passed.
// RUN: %bpfcc --abi=zcore -S %s -o - | FileCheck %s --implicit-check-not=rodata
// CHECK-LABEL: f:
// CHECK-DAG: r2 = 6
// CHECK-DAG: r3 = 1
// CHECK-DAG: r4 = 0
// CHECK-DAG: r5 = 0
// CHECK: call 6
#include <kbpf/zcore.h>
int f(void) { return bpf_printk("is {}", 1); }
