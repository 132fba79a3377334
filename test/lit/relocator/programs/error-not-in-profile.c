// SPDX-License-Identifier: MIT OR Apache-2.0
// A program type that this kernel lacks.
// RUN: not %bpfcc %s --stop-after=resolve 2>&1 | FileCheck %s --implicit-check-not=error:
#include "../Inputs/defs.h"
// CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: SEC("cgroup_skb/egress") of program 'p' names no program type of profile 'kbpf'
SEC("cgroup_skb/egress") int p(void *ctx) { return 0; }
