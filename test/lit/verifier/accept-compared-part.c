// SPDX-License-Identifier: MIT OR Apache-2.0
// Compilers compare the low bits of a number in one register and cut the same bits off in another, behind the
// comparison; the first register is dead by then.
// RUN: %bpfcc %s -o %t.o
// RUN: not %bpfcc -DLIMIT=301 %s -o %t.o 2>&1 | FileCheck %s
// CHECK: error: 301 bytes at argument 1: offsets 0 to 300 in the value of map 'buffers', which has 300 bytes
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#ifndef LIMIT
#define LIMIT 300
#endif
char LICENSE[] SEC("license") = "GPL";
struct buffer {
  __u16 used;
  char bytes[298];
};
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, int);
  __type(value, struct buffer);
} buffers SEC(".maps");

SEC("kprobe/x") int p(void *ctx) {
  int key = 0;
  struct buffer *buffer = bpf_map_lookup_elem(&buffers, &key);
  if (!buffer)
    return 0;
  asm volatile("r1 = %[buffer];"
               "r4 = *(u8 *)(r1 + 2);"
               "r5 = 1;"
               "if r4 == 0 goto 2f;" // paths meet where the bits are cut off
               "r5 = *(u16 *)(r1 + 0);"
               "w5 += 3;"
               "w2 = w5;"
               "w2 &= 0xffff;"
               "if w2 > %[limit] goto 1f;"
               "2: r5 &= 0xffff;"
               "if r5 == 0 goto 1f;"
               "r2 = r5;"
               "r3 = 0;"
               "call 113;" // bpf_probe_read_kernel
               "1:"
               :
               : [buffer] "r"(buffer), [limit] "i"(LIMIT)
               : "r0", "r1", "r2", "r3", "r4", "r5", "memory");
  return 0;
}
