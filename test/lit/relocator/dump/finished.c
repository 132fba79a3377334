// SPDX-License-Identifier: MIT OR Apache-2.0
// --dump shows a finished object's tables, and code with its C lines; sections of one name keep theirs apart.
// RUN: %bpfcc %s -o %t.o
// RUN: %bpfcc --dump %t.o | FileCheck %s
// CHECK: object for profile kbpf, ABI version {{[0-9]+}}, GPL-compatible
// CHECK: map 0 'm' hash key 4 value 8 entries 4
// CHECK: program 0 'a' kprobe SEC("kprobe/f")
// CHECK: program 1 'b' kprobe SEC("kprobe/f")
// CHECK: function 'a' in 'kprobe/f'
// CHECK: finished.c:[[#LOOKUP:]]: long *v = bpf_map_lookup_elem(&m, &k);
// CHECK: -> map 'm'
// CHECK: call 1 -> bpf_map_lookup_elem
// CHECK: helpers: bpf_map_lookup_elem{{$}}
// CHECK: function 'b' in 'kprobe/f'
// CHECK-NOT: bpf_map_lookup_elem
// CHECK: finished.c:{{[0-9]+}}: return 7;
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 4);
  __type(key, int);
  __type(value, long);
} m SEC(".maps");
SEC("kprobe/f") int a(void *ctx) {
  int k = 1;
  long *v = bpf_map_lookup_elem(&m, &k);
  return v ? *v : 0;
}
SEC("kprobe/f") int b(void *ctx) {
  return 7;
}
