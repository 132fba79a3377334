// SPDX-License-Identifier: MIT OR Apache-2.0
// A kernel variable or function that is only asked for where it exists: it is 0 in a kernel that offers none.
// RUN: %bpfcc %s -o %t.o --print-after=resolve | FileCheck %s
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
extern const int no_queues __ksym __weak;
extern const void typeless __ksym __weak;
extern void bpf_task_release(void *task) __ksym __weak;
SEC("kprobe/f") int p(void *ctx) {
  if (bpf_ksym_exists(bpf_task_release))
    bpf_task_release(ctx);
  return (&no_queues ? no_queues : 3) + (&typeless ? 1 : 2);
}
// CHECK-DAG: ExternRef bpf_task_release -> null
// CHECK-DAG: ExternRef no_queues -> null
// CHECK-DAG: ExternRef typeless -> null
// CHECK-DAG: ExternCall bpf_task_release -> nothing
