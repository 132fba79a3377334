// SPDX-License-Identifier: MIT OR Apache-2.0
// Programs that do one operation of the kernel over and over, for mapops.py. Each is to be held against the
// one that does the rest of its loop: `bare`, `keyed` (a key on the stack that changes each time), `pinned`
// (one that does not).
#include <bpf/bpf_helpers.h>
#include <linux/bpf.h>

enum { kRounds = 512 }; // as mapops.c divides by

#define MAP(name, map_type, key_type, entries)                                                               \
  struct {                                                                                                   \
    __uint(type, map_type);                                                                                  \
    __uint(max_entries, entries);                                                                            \
    __type(key, key_type);                                                                                   \
    __type(value, __u64);                                                                                    \
  } name SEC(".maps")

MAP(table, BPF_MAP_TYPE_HASH, __u64, 1024);
MAP(values, BPF_MAP_TYPE_ARRAY, __u32, 1024);
MAP(cpu_values, BPF_MAP_TYPE_PERCPU_ARRAY, __u32, 1024);
struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 1 << 17);
} ring SEC(".maps");
struct {
  __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u32);
} targets SEC(".maps");

#define USE(value) __asm__ volatile("" ::"r"(value))
#define IN_MEMORY(variable) __asm__ volatile("" : : "r"(&(variable)) : "memory")
#define PROGRAM(name, before, each)                                                                          \
  SEC("socket") int name(struct __sk_buff *skb) {                                                            \
    before;                                                                                                  \
    _Pragma("clang loop unroll(disable)") for (__u32 i = 0; i < kRounds; i++) {                              \
      __asm__ volatile("" : "+r"(i));                                                                        \
      each;                                                                                                  \
    }                                                                                                        \
    return 0;                                                                                                \
  }

static __noinline int callee(__u32 number) {
  __asm__ volatile("" : "+r"(number));
  return number;
}

PROGRAM(bare, , )
PROGRAM(keyed, __u64 key, key = i; IN_MEMORY(key))
PROGRAM(keyed4, __u32 key, key = i; IN_MEMORY(key))
PROGRAM(pinned, , __u32 key = 3; IN_MEMORY(key))

PROGRAM(hash_update, __u64 key; __u64 value = 1, key = i; bpf_map_update_elem(&table, &key, &value, BPF_ANY))
PROGRAM(hash_lookup, __u64 key, key = i; USE(bpf_map_lookup_elem(&table, &key)))
PROGRAM(array_lookup, __u32 key, key = i; USE(bpf_map_lookup_elem(&values, &key)))
PROGRAM(array_increment, , __u32 key = 3; __u64 *value = bpf_map_lookup_elem(&values, &key);
        if (value)++ * (volatile __u64 *)value)
PROGRAM(percpu_increment, , __u32 key = 3; __u64 *value = bpf_map_lookup_elem(&cpu_values, &key);
        if (value)++ * (volatile __u64 *)value)
PROGRAM(ring_submit, , void *record = bpf_ringbuf_reserve(&ring, 64, 0);
        if (record) bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP))
PROGRAM(time, , USE(bpf_ktime_get_ns()))
PROGRAM(call, , USE(callee(i)))

SEC("socket") int tail(struct __sk_buff *skb) {
  bpf_tail_call(skb, &targets, 0);
  return 0;
}

char _license[] SEC("license") = "GPL";
