// SPDX-License-Identifier: MIT OR Apache-2.0
// Counts a system call: how much each adds is a constant that the loader sets.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

const volatile int step = 1;
int start = 7;
struct {
  int calls;
  long total;
} counted;

SEC("kprobe/_ZN9refkernel11sys_getppidEv")
int count(void *ctx) {
  counted.calls++;
  counted.total += step + start;
  return 0;
}

char LICENSE[] SEC("license") = "GPL";
