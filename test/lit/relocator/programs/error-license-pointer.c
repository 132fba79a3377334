// SPDX-License-Identifier: MIT OR Apache-2.0
// A pointer to the licence's text in place of the text.
// RUN: not %bpfcc %s --stop-after=resolve 2>&1 | FileCheck %s --implicit-check-not=error:
#include "../Inputs/defs.h"
// CHECK: [[#@LINE+1]]:13: error: the licence is a pointer, not text; write: char LICENSE[] SEC("license") = "GPL";
const char *licence SEC("license") = "GPL";
SEC("kprobe/f") int p(void *ctx) { return 0; }
