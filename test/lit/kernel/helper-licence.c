// SPDX-License-Identifier: MIT OR Apache-2.0
// A kernel's own helper may be for programs under a GPL-compatible licence only.
// RUN: %bindir/kbpf-export-profile %bindir/embedder --no-functions -o %t.profile
// RUN: not %bpfcc --kernel=%t.profile %s -o %t.o 2>&1 | FileCheck %s --implicit-check-not=error:
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
SEC("syscall") int p(void *ctx) {
  char name[16];
  // CHECK: helper-licence.c:[[@LINE+1]]:{{[0-9]+}}: error: helper mykernel_name is for GPL-compatible programs
  return mykernel_name(name, sizeof name);
}
