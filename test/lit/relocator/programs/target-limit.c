// SPDX-License-Identifier: MIT OR Apache-2.0
// The longest attach target, and one byte more.
// RUN: %bpfcc %s -DTARGET=A511 --stop-after=resolve
// RUN: not %bpfcc %s -DTARGET=A511\"A\" --stop-after=resolve 2>&1 | FileCheck %s --implicit-check-not=error:
#include "../Inputs/defs.h"
#define A8 "aaaaaaaa"
#define A64 A8 A8 A8 A8 A8 A8 A8 A8
#define A511 A64 A64 A64 A64 A64 A64 A64 A8 A8 A8 A8 A8 A8 A8 "aaaaaaa"
// CHECK: error: attach target of 512 bytes; the limit is 511
SEC("kprobe/" TARGET) int p(void *ctx) { return 0; }
