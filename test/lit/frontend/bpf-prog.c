// SPDX-License-Identifier: MIT OR Apache-2.0
// BPF_PROG takes its parameters from an array of 64-bit words.
// RUN: %bpfcc --abi=linux -S -Wall -Werror %s -o - | FileCheck %s
#include <bpf/bpf_tracing.h>
// CHECK-LABEL: third:
// CHECK: r0 = *(u64 *)(r1 + 16)
SEC("fentry/f") int BPF_PROG(third, int a, void *b, long c) { return c; }
