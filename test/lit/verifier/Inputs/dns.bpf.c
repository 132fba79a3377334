/* SPDX-License-Identifier: MIT OR Apache-2.0
 * A parser of DNS queries in UDP over IPv4 or IPv6, with VLAN tags and IPv6 extension headers: all loops have bounds, every byte is
 * read where the packet was compared with its end. It counts the names that are asked for, and drops what is malformed. Of a query
 * MOST_QUESTIONS are read. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define MOST_TAGS 2
#define MOST_EXTENSIONS 4
#ifndef MOST_QUESTIONS
#define MOST_QUESTIONS 1
#endif
#define NAME_SIZE 64

struct name {
  char text[NAME_SIZE];
  __u16 type;
  __u16 labels;
};
struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 1024);
  __type(key, struct name);
  __type(value, __u64);
} names SEC(".maps");
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct name);
} scratch SEC(".maps");

struct cursor {
  const __u8 *at, *end;
};

static __always_inline int take(struct cursor *c, __u32 bytes) {
  if (c->at + bytes > c->end)
    return -1;
  c->at += bytes;
  return 0;
}
static __always_inline __u32 be16(const __u8 *at) { return at[0] << 8 | at[1]; }

/* At the UDP header, or -1. */
static __always_inline int skip_ip(struct cursor *c, __u32 protocol) {
  const __u8 *header = c->at;
  if (protocol == 0x0800) {
    if (take(c, 20) || header[0] >> 4 != 4 || header[9] != 17)
      return -1;
    const __u32 options = (header[0] & 15) * 4 - 20;
    return options > 40 ? -1 : take(c, options);
  }
  if (protocol != 0x86dd || take(c, 40))
    return -1;
  __u32 next = header[6];
#pragma unroll
  for (int i = 0; i < MOST_EXTENSIONS; i++) {
    if (next == 17)
      return 0;
    if (next != 0 && next != 43 && next != 60)
      return -1;
    header = c->at;
    if (take(c, 8))
      return -1;
    next = header[0];
    if (take(c, (header[1] & 15) * 8))
      return -1;
  }
  return next == 17 ? 0 : -1;
}

/* Each round takes a byte: a label's length, or a letter of it. */
static __noinline int count_question(struct cursor *c, struct name *name) {
  __u32 labels = 0, left = 0;
  for (int i = 0; i < NAME_SIZE; i++) {
    const __u8 *at = c->at;
    if (take(c, 1))
      return -1;
    __u8 byte = *at;
    if (left == 0) {
      if (byte == 0)
        break;
      if (byte > 63)
        return -1;
      left = byte;
      labels++;
      byte = '.';
    } else {
      left--;
      if (byte >= 'A' && byte <= 'Z')
        byte += 'a' - 'A';
    }
    name->text[i] = byte;
  }
  const __u8 *fixed = c->at;
  if (take(c, 4))
    return -1;
  name->type = be16(fixed);
  name->labels = labels;
  __u64 one = 1, *count = bpf_map_lookup_elem(&names, name);
  if (count)
    __sync_fetch_and_add(count, 1);
  else
    bpf_map_update_elem(&names, name, &one, BPF_ANY);
  return 0;
}

SEC("xdp")
int count_queries(struct xdp_md *ctx) {
  struct cursor c = {(const __u8 *)(long)ctx->data, (const __u8 *)(long)ctx->data_end};
  const __u8 *header = c.at;
  if (take(&c, 14))
    return XDP_PASS;
  __u32 protocol = be16(header + 12);
#pragma unroll
  for (int i = 0; i < MOST_TAGS; i++) {
    if (protocol != 0x8100 && protocol != 0x88a8)
      break;
    header = c.at;
    if (take(&c, 4))
      return XDP_PASS;
    protocol = be16(header + 2);
  }
  if (skip_ip(&c, protocol))
    return XDP_PASS;
  header = c.at;
  if (take(&c, 8) || be16(header + 2) != 53)
    return XDP_PASS;
  header = c.at;
  if (take(&c, 12))
    return XDP_DROP;
  __u32 questions = be16(header + 4), zero = 0;
  if (header[2] & 0x80)
    return XDP_PASS;
  struct name *name = bpf_map_lookup_elem(&scratch, &zero);
  if (!name)
    return XDP_PASS;
  for (int i = 0; i < MOST_QUESTIONS; i++) {
    if (i >= questions)
      return XDP_PASS;
    __builtin_memset(name, 0, sizeof(*name));
    if (count_question(&c, name))
      return XDP_DROP;
  }
  return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
