// SPDX-License-Identifier: MIT OR Apache-2.0
// `char text[] = "..."` becomes stores to the variable itself.
// RUN: %bpfcc --abi=zcore -S %s -o - | FileCheck %s --implicit-check-not=rodata --implicit-check-not='*(u64 *)(r10 - 24)'
// CHECK: *(u64 *)(r10 - 16) =
// CHECK: call 6
static int (*const trace)(const char *, int, long, long, long) = (void *)6;
int entry(long *ctx) {
  char text[] = "fifteen letters";
  return trace(text, sizeof text, 0, 0, 0);
}
