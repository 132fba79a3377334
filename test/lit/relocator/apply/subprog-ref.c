// SPDX-License-Identifier: MIT OR Apache-2.0
// The address of a function becomes a distance, with source 4.
// RUN: %bpfcc %s --stop-after=apply --print-after=apply | FileCheck %s
#include "../Inputs/defs.h"
static __noinline int callback(u32 index, void *context) { return index; }
SEC("kprobe/f") int p(void *ctx) {
  // CHECK: SubprogRef .text+0x0 -> function callback
  // CHECK: part callback at [[#FIRST:]]
  // CHECK-NEXT: 0: r1 = {{.*}}[[#FIRST-1]]
  return lookup_elem(callback, 0) != 0;
}
