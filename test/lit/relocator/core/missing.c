// SPDX-License-Identifier: MIT OR Apache-2.0
// An access of what the kernel lacks is an error where nothing guards it.
// RUN: %bpfcc --abi=linux %S/Inputs/kernel.c -o %t.kernel.o
// RUN: not %bpfcc --kernel-btf=%t.kernel.o %s -o %t.o 2>&1 | FileCheck %s --implicit-check-not=error:
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#define CORE __attribute__((preserve_access_index))
struct task { int pid, gone; } CORE;
SEC("kprobe/f") int guarded(struct task *t) {
  if (bpf_core_field_exists(t->gone)) {
    int gone = 0;
    bpf_core_read(&gone, sizeof(gone), &t->gone);
    return gone;
  }
  return 0;
}
SEC("kprobe/f") int unguarded(struct task *t) {
  // CHECK: :[[#@LINE+1]]:{{[0-9]+}}: error: the kernel has no field 'task.gone'; candidates: 'task' (type {{[0-9]+}})
  int gone = 0; bpf_core_read(&gone, sizeof(gone), &t->gone);
  return gone;
}
char LICENSE[] SEC("license") = "GPL";
