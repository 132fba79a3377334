// SPDX-License-Identifier: MIT OR Apache-2.0
// Names with a '/' of their own are compared as a whole.
// RUN: %bpfcc --abi=linux %s -o %t.o 2>&1 | FileCheck %s
#include "../Inputs/defs.h"
// CHECK: warning: SEC("cgroup/conect4") of program 'p' names no program type of profile 'linux'; did you mean 'cgroup/connect4'?
SEC("cgroup/conect4") int p(void *ctx) { return 0; }
// CHECK: warning: SEC("tcx/ingres") of program 'q' names no program type of profile 'linux'; did you mean 'tcx/ingress'?
SEC("tcx/ingres") int q(void *ctx) { return 0; }
// CHECK: warning: SEC("krpobe/x") of program 'r' names no program type of profile 'linux'; did you mean 'kprobe'?
SEC("krpobe/x") int r(void *ctx) { return 0; }
