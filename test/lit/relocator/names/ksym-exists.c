// SPDX-License-Identifier: MIT OR Apache-2.0
// A kernel function that programs can call is there for those who ask before they call it.
// RUN: %bpfcc %s -o %t.o --print-after=resolve | FileCheck %s
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
extern void bpf_rcu_read_lock(void) __ksym __weak;
extern void bpf_rcu_read_unlock(void) __ksym __weak;
SEC("kprobe/f") int p(void *ctx) {
  if (!bpf_ksym_exists(bpf_rcu_read_lock))
    return 1;
  bpf_rcu_read_lock();
  bpf_rcu_read_unlock();
  return 0;
}
// CHECK-DAG: ExternRef bpf_rcu_read_lock -> 0x20003
// CHECK-DAG: ExternCall bpf_rcu_read_lock -> helper 131075 rcu_read_lock
