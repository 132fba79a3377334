// SPDX-License-Identifier: MIT OR Apache-2.0
// RUN: %bpfcc -E -P %s | FileCheck %s
// RUN: %bpfcc -E -P --abi=zcore %s | FileCheck %s --check-prefix=ZCORE
// CHECK: 1 1 3 1
// ZCORE: 1 __KBPF_ABI_KBPF__ 1 1
__bpf__ __KBPF_ABI_KBPF__ __BPF_CPU_VERSION__ __KBPF__
