// SPDX-License-Identifier: MIT OR Apache-2.0
// Those kernels have no calls: every function goes into its callers, noinline or not, at every level.
// RUN: %bpfcc --abi=zcore -S %s -o - | FileCheck %s --implicit-check-not='call ' --implicit-check-not='@twice'
// RUN: %bpfcc --abi=zcore -O0 -S %s -o - | FileCheck %s --implicit-check-not='call ' --implicit-check-not='@twice'
// CHECK: entry:
// CHECK: exit
__attribute__((noinline)) long twice(long x) { return 2 * x; }
__attribute__((noinline)) static long four_times(long x) { return twice(twice(x)); }
int entry(long *ctx) { return four_times(ctx[0]) + twice(ctx[1]); }
