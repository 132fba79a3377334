// SPDX-License-Identifier: MIT OR Apache-2.0
// RUN: not %bpfcc --abi=zcore -fsyntax-only %s 2>&1 | FileCheck %s
// CHECK: error: {{.*}}___bpf_printk_has_too_many_arguments
#include <kbpf/zcore.h>
int f(void) { return bpf_printk("{} {} {} {}", 1, 2, 3, 4); }
