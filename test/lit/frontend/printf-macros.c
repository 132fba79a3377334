// SPDX-License-Identifier: MIT OR Apache-2.0
// BPF_SEQ_PRINTF and BPF_SNPRINTF, with and without arguments; pointers and numbers alike.
// RUN: %bpfcc --abi=linux -S -Wall -Werror %s -o - | FileCheck %s
#include <bpf/bpf_helpers.h>
// CHECK-LABEL: none:
// CHECK: w5 = 0
// CHECK: call 126
int none(struct seq_file *m) { return BPF_SEQ_PRINTF(m, "nothing"); }
// CHECK-LABEL: two:
// CHECK: w5 = 16
// CHECK: call 165
int two(char *out, void *p) { return BPF_SNPRINTF(out, 16, "%d %p", 1, p); }
