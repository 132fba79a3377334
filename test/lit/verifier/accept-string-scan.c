// SPDX-License-Identifier: MIT OR Apache-2.0
// Accepted: a length cut to the buffer's size after a comparison of its lower half, loops over the buffer, a sort in place.
// RUN: %bpfcc -O1 -mcpu=v3 -Werror %s -o %t.o
// RUN: %bpfcc -O1 -mcpu=v4 -Werror %s -o %t.o
// RUN: %bpfcc -O2 -mcpu=v3 -Werror %s -o %t.o
// RUN: %bpfcc -O2 -mcpu=v4 -Werror %s -o %t.o
#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

struct event {
  __u32 length;
  char data[128];
};
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct event);
} scratch SEC(".maps");
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 1024);
  __type(key, __u64);
  __type(value, __u32);
} hashes SEC(".maps");
static const char pattern[] = "/etc/";

SEC("kprobe/write")
int scan(struct pt_regs *ctx) {
  __u32 zero = 0, one = 1;
  __u64 hash = 5381;
  int matches = 1;
  struct event *event = bpf_map_lookup_elem(&scratch, &zero);
  if (!event)
    return 0;
  __u32 length = (__u32)PT_REGS_PARM2(ctx);
  if (length > sizeof(event->data))
    length = sizeof(event->data);
  if (bpf_probe_read_kernel(event->data, length, (void *)PT_REGS_PARM1(ctx)))
    return 0;
  event->length = length;
  for (unsigned i = 0; i < sizeof(pattern) - 1; i++)
    if (event->data[i] != pattern[i]) {
      matches = 0;
      break;
    }
  for (__u32 i = 0; i < length && i < 128; i++)
    hash = hash * 33 + (unsigned char)event->data[i];
  __u32 *count = bpf_map_lookup_elem(&hashes, &hash);
  if (count)
    (*count)++;
  else
    bpf_map_update_elem(&hashes, &hash, &one, BPF_ANY);
  for (int i = 0; i < 7; i++)
    for (int j = 0; j < 7 - i; j++)
      if (event->data[j] > event->data[j + 1]) {
        char larger = event->data[j];
        event->data[j] = event->data[j + 1];
        event->data[j + 1] = larger;
      }
  if (matches)
    bpf_printk("%d bytes", length);
  return 0;
}

char license[] SEC("license") = "GPL";
