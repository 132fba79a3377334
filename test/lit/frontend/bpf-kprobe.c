// SPDX-License-Identifier: MIT OR Apache-2.0
// Parameters come from the argument registers, typed as written; none of the wrapping remains in the code.
// RUN: %bpfcc -S -Wall -Werror %s -o - | FileCheck %s --implicit-check-not='call '
#include <bpf/bpf_tracing.h>
// CHECK-LABEL: sum:
// CHECK-DAG: *(u64 *)(r1 + 80)
// CHECK-DAG: *(u64 *)(r1 + 88)
SEC("kprobe/f") int BPF_KPROBE(sum, int a, char *b) { return a + (int)(long)b; }
// CHECK-LABEL: back:
// CHECK: *(u64 *)(r1 + 80)
SEC("kretprobe/f") int BPF_KRETPROBE(back, long result) { return result == 3; }
// CHECK-LABEL: bare:
// CHECK: w0 = 1
SEC("kprobe/f") int BPF_KPROBE(bare) { return ctx != 0; }
