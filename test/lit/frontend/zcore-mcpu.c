// SPDX-License-Identifier: MIT OR Apache-2.0
// The seeds' kernels take what plain clang makes: v1 unless the user says otherwise.
// RUN: %bpfcc -E -P --abi=zcore %s | FileCheck %s
// RUN: %bpfcc -E -P --abi=zcore -mcpu=v3 %s | FileCheck %s --check-prefix=V3
// CHECK: cpu 1
// V3: cpu 3
cpu __BPF_CPU_VERSION__
