// SPDX-License-Identifier: MIT OR Apache-2.0
// A helper is called by number at every level.
// RUN: %bpfcc -O0 -S %s -o - | FileCheck %s --implicit-check-not=callx
// RUN: %bpfcc -O2 -S %s -o - | FileCheck %s --implicit-check-not=callx
// CHECK: call 5
#include <bpf/bpf_helpers.h>
__u64 f(void) { return bpf_ktime_get_ns(); }
