// SPDX-License-Identifier: MIT OR Apache-2.0
// Accepted: keys and values on the stack, a second lookup after an insert, a histogram in the value, formatted printing.
// RUN: %bpfcc -O2 -mcpu=v1 -Werror %s -o %t.o
// RUN: %bpfcc -O2 -mcpu=v2 -Werror %s -o %t.o
// RUN: %bpfcc -O2 -mcpu=v3 -Werror %s -o %t.o
// RUN: %bpfcc -O2 -mcpu=v4 -Werror %s -o %t.o
// RUN: %bpfcc -Os -mcpu=v1 -Werror %s -o %t.o
// RUN: %bpfcc -Os -mcpu=v2 -Werror %s -o %t.o
// RUN: %bpfcc -Os -mcpu=v3 -Werror %s -o %t.o
// RUN: %bpfcc -Os -mcpu=v4 -Werror %s -o %t.o
#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

struct key {
  __u32 pid;
  char comm[16];
};
struct value {
  __u64 count, last;
  __u64 histogram[16];
};
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 1024);
  __type(key, struct key);
  __type(value, struct value);
} stats SEC(".maps");
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 64);
  __type(key, __u32);
  __type(value, __u64);
} results SEC(".maps");

const volatile __u32 target_pid = 0;
__u64 total;
static __u64 sums[32];

static __always_inline __u32 log2_of(__u64 number) {
  __u32 result = 0;
#pragma unroll
  for (int bit = 5; bit >= 0; bit--) {
    __u32 step = 1u << bit;
    if (number >> step) {
      number >>= step;
      result += step;
    }
  }
  return result;
}

static __noinline int record(struct key *key, __u64 now) {
  struct value zero = {}, *value = bpf_map_lookup_elem(&stats, key);
  if (!value) {
    bpf_map_update_elem(&stats, key, &zero, BPF_NOEXIST);
    value = bpf_map_lookup_elem(&stats, key);
    if (!value)
      return 1;
  }
  __sync_fetch_and_add(&value->count, 1);
  __u32 slot = log2_of(now - value->last);
  value->last = now;
  if (slot >= 16)
    slot = 15;
  value->histogram[slot]++;
  __u64 *result = bpf_map_lookup_elem(&results, &slot);
  if (result)
    *result += 1;
  return 0;
}

SEC("kprobe/open_file")
int BPF_KPROBE(on_open, int directory, const char *name) {
  struct key key = {};
  char buffer[64] = {};
  int length;
  key.pid = bpf_get_current_pid_tgid() >> 32;
  if (target_pid && key.pid != target_pid)
    return 0;
  bpf_get_current_comm(&key.comm, sizeof(key.comm));
  total++;
  sums[key.pid & 31] += directory;
  if (bpf_probe_read_kernel(buffer, sizeof(buffer) - 1, name) < 0)
    return 0;
  for (length = 0; length < 63; length++)
    if (!buffer[length])
      break;
  bpf_printk("%s opens, %d bytes, %llu in all", key.comm, length, total);
  return record(&key, bpf_ktime_get_ns());
}

SEC("kretprobe/open_file")
int BPF_KRETPROBE(on_return, long result) {
  __u32 slot = result < 0 ? 0 : result < 63 ? result + 1 : 63;
  __u64 *count = bpf_map_lookup_elem(&results, &slot);
  if (count)
    __sync_fetch_and_add(count, 1);
  return 0;
}

char license[] SEC("license") = "GPL";
