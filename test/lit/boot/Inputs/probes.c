// SPDX-License-Identifier: MIT OR Apache-2.0
// Programs that probetest.c attaches where it likes.
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <linux/bpf.h>
#include <linux/ptrace.h>

char license[] SEC("license") = "GPL";

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 8);
  __type(key, __u32);
  __type(value, __u64);
} numbers SEC(".maps");

struct text {
  __u8 bytes[16];
};
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct text);
} text SEC(".maps");

static __always_inline void add(__u32 index, __u64 amount) {
  __u64 *number = bpf_map_lookup_elem(&numbers, &index);
  if (number)
    __sync_fetch_and_add(number, amount);
}

SEC("kprobe") int count_entry(struct pt_regs *ctx) {
  add(0, 1);
  return 0;
}

SEC("kprobe") int count_again(struct pt_regs *ctx) {
  add(1, 1);
  return 0;
}

SEC("kretprobe@entry") int count_return_entry(struct pt_regs *ctx) {
  add(2, 1);
  return 0;
}

SEC("kretprobe@exit") int sum_results(struct pt_regs *ctx) {
  add(3, 1);
  add(4, PT_REGS_RC(ctx));
  return 0;
}

// Copies the kernel text at numbers[5] out.
SEC("kprobe") int read_text(struct pt_regs *ctx) {
  __u32 index = 5, zero = 0;
  __u64 *address = bpf_map_lookup_elem(&numbers, &index);
  struct text *copy = bpf_map_lookup_elem(&text, &zero);
  if (address && copy)
    bpf_probe_read_kernel(copy->bytes, sizeof(copy->bytes), (void *)*address);
  return 0;
}

SEC("fentry/sys_openat") int BPF_PROG(count_traced, int directory) {
  add(6, 1);
  return 0;
}

// A call that succeeded, by the argument that it was entered with.
SEC("fexit/sys_openat") int BPF_PROG(count_traced_return, int directory, long path, unsigned flags, unsigned mode, long result) {
  enum { kCurrentDirectory = -100 };
  if (directory == kCurrentDirectory && result >= 0)
    add(7, 1);
  return 0;
}

SEC("fexit/sys_openat") int BPF_PROG(count_traced_again, int directory) {
  add(1, 1);
  return 0;
}
