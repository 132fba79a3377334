// SPDX-License-Identifier: MIT OR Apache-2.0
// A licence is a string.
// RUN: not %bpfcc %s --stop-after=resolve 2>&1 | FileCheck %s --implicit-check-not=error:
#include "../Inputs/defs.h"
// CHECK: error: section 'license' holds no NUL-terminated string; write: char LICENSE[] SEC("license") = "GPL";
char text[3] SEC("license") = {'G', 'P', 'L'};
SEC("kprobe/f") int p(void *ctx) { return 0; }
