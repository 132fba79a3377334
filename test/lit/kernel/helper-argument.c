// SPDX-License-Identifier: MIT OR Apache-2.0
// The verifier checks the arguments of a kernel's own helper as those of any other, at the line of the call.
// RUN: %bindir/kbpf-export-profile %bindir/embedder --no-functions -o %t.profile
// RUN: not %bpfcc --kernel=%t.profile %s -o %t.o 2>&1 | FileCheck %s --implicit-check-not=error:
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
SEC("syscall") int too_far(void *ctx) {
  char name[16];
  // CHECK: helper-argument.c:[[@LINE+1]]:{{[0-9]+}}: error: {{.*}}
  return mykernel_name(name, sizeof name + 1);
}
SEC("syscall") int no_pointer(void *ctx) {
  // CHECK: helper-argument.c:[[@LINE+1]]:{{[0-9]+}}: error: {{.*}}
  return mykernel_hash((void *)bpf_ktime_get_ns(), 8, 0);
}
SEC("syscall") int perhaps_nothing(void *ctx) {
  char name[16] = {};
  // CHECK: helper-argument.c:[[@LINE+1]]:{{[0-9]+}}: error: {{.*}}a size, may be 0
  return mykernel_hash(name, bpf_get_prandom_u32() & 7, 0);
}
