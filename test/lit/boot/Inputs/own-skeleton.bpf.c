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

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __type(key, int);
  __type(value, int);
} seen SEC(".maps"); // how many entries, the loader says

SEC("kprobe/_ZN9refkernel11sys_getppidEv")
int count(void *ctx) {
  counted.calls++;
  counted.total += step + start;
  bpf_map_update_elem(&seen, &counted.calls, &start, BPF_ANY);
  return 0;
}

char LICENSE[] SEC("license") = "GPL";
