// SPDX-License-Identifier: MIT OR Apache-2.0
// Maps and programs for what libbpf's calls do with them.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 8);
  __type(key, __u32);
  __type(value, __u64);
} counts SEC(".maps");
struct {
  __uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
  __uint(key_size, 4);
  __uint(value_size, 4);
} samples SEC(".maps");
int runs;
const volatile __u32 wanted_pid;

SEC("kprobe/_ZN9refkernel11sys_getpgidEi")
int on_getpgid(void *ctx) {
  __u32 key = 1, pid = bpf_get_current_pid_tgid() >> 32;
  __u64 one = 1, *count;
  if (pid != wanted_pid)
    return 0;
  runs++;
  count = bpf_map_lookup_elem(&counts, &key);
  if (count)
    ++*count;
  else
    bpf_map_update_elem(&counts, &key, &one, BPF_ANY);
  bpf_perf_event_output(ctx, &samples, BPF_F_CURRENT_CPU, &pid, sizeof(pid));
  return 0;
}
SEC("?kprobe/no_such_function")
int left_out(void *ctx) { return 0; }
char _license[] SEC("license") = "GPL";
