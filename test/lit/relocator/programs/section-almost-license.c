// SPDX-License-Identifier: MIT OR Apache-2.0
// A section that no loader reads, with a name like one that it does.
// RUN: %bpfcc %s -o %t.o 2>&1 | FileCheck %s
#include "../Inputs/defs.h"
// CHECK: [[#@LINE+1]]:{{[0-9]+}}: warning: no loader reads section 'licence'; did you mean 'license'?
char LICENSE[] SEC("licence") = "GPL";
// CHECK: [[#@LINE+1]]:{{[0-9]+}}: warning: no loader reads section '.map'; did you mean '.maps'?
int table SEC(".map") = 1;
// CHECK-NOT: warning:
int notes SEC("notes") = 1;
SEC("kprobe/x") int p(void *ctx) { return 0; }
