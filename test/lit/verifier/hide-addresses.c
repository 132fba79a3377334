// SPDX-License-Identifier: MIT OR Apache-2.0
// For loaders without CAP_PERFMON no address of the kernel may become known; without the option that is no reason to refuse.
// RUN: %bpfcc -O2 %s -o %t.o
// RUN: not %bpfcc -O2 -fbpf-hide-addresses %s -o %t.hidden.o 2>&1 | FileCheck --check-prefix=ERROR %s
// RUN: not ls %t.hidden.o
// RUN: not %bindir/kbpf-verify --hide-addresses %t.o | FileCheck %s
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u64);
} last SEC(".maps");

SEC("xdp")
int keep_address(struct xdp_md *ctx) {
  __u32 key = 0;
  __u64 *value = bpf_map_lookup_elem(&last, &key);
  if (value)
    // ERROR: hide-addresses.c:[[#@LINE+1]]:{{[0-9]+}}: error: 'ctx', a context pointer, would be stored in memory at 'value', a map value pointer [V037 address-leak]
    *value = (__u64)ctx;
  // CHECK-DAG: keep_address: refused{{.*}}V037
  return XDP_PASS;
}

SEC("kprobe/f")
int see_registers(void *ctx) {
  // ERROR: error: programs of type kprobe see addresses of the kernel: their loader needs CAP_PERFMON [V037 address-leak]
  // CHECK-DAG: see_registers: refused{{.*}}V037
  return 0;
}

SEC("xdp")
int count(struct xdp_md *ctx) {
  // CHECK-DAG: count: accepted
  __u32 key = 0;
  __u64 *value = bpf_map_lookup_elem(&last, &key);
  if (value)
    *value += 1;
  return XDP_PASS;
}
char LICENSE[] SEC("license") = "GPL";
