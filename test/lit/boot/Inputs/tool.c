// SPDX-License-Identifier: MIT OR Apache-2.0
// A libbpf object of one program and two maps, for bpftool.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 64);
  __type(key, __u32);
  __type(value, __u64);
} counts SEC(".maps");
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 4);
  __type(key, __u32);
  __type(value, __u64);
} slots SEC(".maps");

SEC("kprobe/sys_getppid")
int count(void *ctx) {
  __u32 key = 5;
  __u64 one = 1, *value = bpf_map_lookup_elem(&counts, &key);
  if (value)
    __sync_fetch_and_add(value, 1);
  else
    bpf_map_update_elem(&counts, &key, &one, BPF_ANY);
  key = 1;
  value = bpf_map_lookup_elem(&slots, &key);
  if (value)
    *value += 1;
  return 0;
}
char _license[] SEC("license") = "GPL";
