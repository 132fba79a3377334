// SPDX-License-Identifier: MIT OR Apache-2.0
// A macro of <bpf/...> misspelt: the near one is named.
// RUN: not %bpfcc %s -o %t.o 2>&1 | FileCheck %s
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
SEC("kprobe/x") int p(struct pt_regs *ctx) {
  // CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: call to undeclared function 'PT_REGS_PRM1'; {{.*}}; did you mean 'PT_REGS_PARM1'?
  return PT_REGS_PRM1(ctx);
}
