// SPDX-License-Identifier: MIT OR Apache-2.0
// Adds up the numbers that a process sends through a user ring buffer, each time when that process calls getpgid.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
  __uint(type, BPF_MAP_TYPE_USER_RINGBUF);
  __uint(max_entries, 4096);
} numbers SEC(".maps");
struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 4096);
} answers SEC(".maps");
const volatile __u32 wanted_pid;

struct sum {
  __u64 total, count, short_ones;
};

static long add(struct bpf_dynptr *sample, void *context) {
  struct sum *sum = context;
  __u64 number;
  if (bpf_dynptr_read(&number, sizeof(number), sample, 0, 0)) {
    sum->short_ones++;
    return 0;
  }
  sum->total += number;
  sum->count++;
  return number == 1000; // the last one
}

SEC("kprobe/_ZN9refkernel11sys_getpgidEi")
int on_getpgid(void *ctx) {
  struct sum sum = {0};
  if (bpf_get_current_pid_tgid() >> 32 != wanted_pid)
    return 0;
  long drained = bpf_user_ringbuf_drain(&numbers, add, &sum, 0);
  long answer[4] = {drained, sum.total, sum.count, sum.short_ones};
  bpf_ringbuf_output(&answers, answer, sizeof(answer), 0);
  return 0;
}
char _license[] SEC("license") = "GPL";
