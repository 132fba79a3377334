// SPDX-License-Identifier: MIT OR Apache-2.0
// Counts calls of the kernel's function by argument, and looks at an address that does not exist.
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <linux/bpf.h>
#include <linux/ptrace.h>

char license[] SEC("license") = "GPL";

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 16);
  __type(key, __u64);
  __type(value, __u64);
} calls SEC(".maps");

SEC("kprobe/square")
int BPF_KPROBE(count_square, __u64 number) {
  __u64 *count = bpf_map_lookup_elem(&calls, &number), one = 1, word;
  if (count)
    __sync_fetch_and_add(count, 1);
  else
    bpf_map_update_elem(&calls, &number, &one, BPF_ANY);
  if (number == 3)
    bpf_printk("square(3): reading address 16 gives %d",
               bpf_probe_read_kernel(&word, sizeof word, (void *)16));
  return 0;
}
