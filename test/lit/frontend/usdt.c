// SPDX-License-Identifier: MIT OR Apache-2.0
// BPF_USDT takes its arguments through the maps that libbpf's loader fills.
// RUN: %bpfcc --abi=linux %s -o %t.o
// RUN: llvm-readelf -s %t.o | FileCheck %s
// CHECK-DAG: OBJECT WEAK DEFAULT {{.*}} __bpf_usdt_specs
// CHECK-DAG: OBJECT WEAK DEFAULT {{.*}} __bpf_usdt_ip_to_spec_id
// CHECK-DAG: FUNC WEAK HIDDEN {{.*}} bpf_usdt_arg
// CHECK-DAG: FUNC GLOBAL DEFAULT {{.*}} on_call
#include <linux/bpf.h>
#include <bpf/usdt.bpf.h>
long sum;
SEC("usdt/libc.so:libc:setjmp") int BPF_USDT(on_call, long a, int b) {
  sum += a + b;
  return 0;
}
_Static_assert(sizeof(struct __bpf_usdt_arg_spec) == 16, "as libbpf lays it out");
_Static_assert(sizeof(struct __bpf_usdt_spec) == 208, "as libbpf lays it out");
char LICENSE[] SEC("license") = "GPL";
