// SPDX-License-Identifier: MIT OR Apache-2.0
// A program that puts a record into a ring buffer at each call of the probed function; what did not fit is
// counted.
#include <bpf/bpf_helpers.h>
#include <linux/bpf.h>
#include <linux/ptrace.h>

char license[] SEC("license") = "GPL";

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 4096);
} ring SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u64);
} lost SEC(".maps");

struct record {
  __u64 thread, time;
};

SEC("kprobe") int on_call(struct pt_regs *ctx) {
  __u32 zero = 0;
  struct record *record = bpf_ringbuf_reserve(&ring, sizeof(*record), 0);
  if (record) {
    record->thread = bpf_get_current_pid_tgid();
    record->time = bpf_ktime_get_ns();
    bpf_ringbuf_submit(record, 0);
  } else {
    __u64 *count = bpf_map_lookup_elem(&lost, &zero);
    if (count)
      __sync_fetch_and_add(count, 1);
  }
  return 0;
}

// The same by copying; every second record is taken back.
SEC("kprobe") int on_call_copying(struct pt_regs *ctx) {
  struct record copied = {bpf_get_current_pid_tgid(), bpf_ktime_get_ns()};
  bpf_ringbuf_output(&ring, &copied, sizeof(copied), BPF_RB_NO_WAKEUP);
  struct record *record = bpf_ringbuf_reserve(&ring, sizeof(*record), 0);
  if (record)
    bpf_ringbuf_discard(record, 0);
  return 0;
}

// The same behind a dynptr, whose size is known at run time only.
SEC("kprobe") int on_call_dynptr(struct pt_regs *ctx) {
  struct record record = {bpf_get_current_pid_tgid(), bpf_ktime_get_ns()};
  struct bpf_dynptr ptr;
  __u32 size = sizeof(record) + (bpf_get_smp_processor_id() & 0);
  if (bpf_ringbuf_reserve_dynptr(&ring, size, 0, &ptr) == 0)
    bpf_dynptr_write(&ptr, 0, &record, sizeof(record), 0);
  bpf_ringbuf_submit_dynptr(&ptr, 0);
  return 0;
}
