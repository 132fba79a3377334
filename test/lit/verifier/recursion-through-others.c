// SPDX-License-Identifier: MIT OR Apache-2.0
// Recursion is named for what it is, with the calls that lead back; each cycle once.
// RUN: not %bpfcc %s -o %t.o 2>&1 | FileCheck %s --implicit-check-not=error:
// CHECK: [[#ODD:]]:{{[0-9]+}}: error: recursion: 'odd' calls 'even', which leads back here; programs have a fixed depth of calls: make a loop of it
// CHECK: [[#ODD - 5]]:{{[0-9]+}}: note: 'even' calls 'odd' here
// CHECK: error: recursion: 'branching' calls itself; programs have a fixed depth of calls: make a loop of it
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
static __noinline int odd(int n);
static __noinline int even(int n) {
  if (n < 1)
    return 1;
  return n * odd(n - 1);
}
static __noinline int odd(int n) {
  if (n < 1)
    return 0;
  return n + even(n - 1);
}
static __noinline int branching(unsigned n) {
  if (n < 1)
    return 0;
  return branching(n / 2) ^ branching(n / 3) * bpf_get_prandom_u32();
}
SEC("kprobe/f") int f(void *ctx) { return even(bpf_get_prandom_u32()) + branching(bpf_get_prandom_u32()); }
