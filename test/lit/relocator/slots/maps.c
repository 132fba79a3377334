// SPDX-License-Identifier: MIT OR Apache-2.0
// Initial values of maps of maps, static inner ones too; the same map may stand at several keys.
// RUN: %bpfcc %s --stop-after=resolve --print-after=resolve | FileCheck %s
#include "../Inputs/defs.h"
struct inner {
  __uint(type, 2);
  __uint(max_entries, 1);
  __type(key, u32);
  __type(value, u64);
} one SEC(".maps");
static struct inner two SEC(".maps");
struct {
  __uint(type, 12);
  __uint(max_entries, 3);
  __type(key, u32);
  __array(values, struct inner);
} by_index SEC(".maps") = {.values = {[0] = &one, [2] = &two}};
struct {
  __uint(type, 13);
  __uint(max_entries, 2);
  __type(key, u32);
  __array(values, struct inner);
} by_key SEC(".maps") = {.values = {[7] = &one, [9] = &one}};
SEC("kprobe/f") int p(void *ctx) { return 0; }
// CHECK: slot by_index[0] -> map one
// CHECK-NEXT: slot by_index[2] -> map two
// CHECK-NEXT: slot by_key[7] -> map one
// CHECK-NEXT: slot by_key[9] -> map one
// CHECK-NOT: slot
