// SPDX-License-Identifier: MIT OR Apache-2.0
// A plain object is judged as a loader would leave it: a number of entries that is to be set, values of the kernel's
// configuration, addresses in data; and with a kernel's types its CO-RE accesses follow them.
// RUN: %bpfcc --abi=linux %S/../relocator/core/Inputs/kernel.c -o %t.kernel.o
// RUN: %bpfcc --abi=linux -g %s -o %t.o
// RUN: not %bindir/kbpf-verify %t.o | FileCheck %s
// RUN: not %bindir/kbpf-verify --kernel-btf %t.kernel.o %t.o | FileCheck --check-prefix=KERNEL %s
// RUN: not %bindir/kbpf-verify --kernel-btf %s %t.o 2>&1 | FileCheck --check-prefix=UNREADABLE %s
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

extern int LINUX_KERNEL_VERSION __kconfig;
extern unsigned CONFIG_HZ __kconfig;

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __type(key, int);
  __type(value, long);
} to_be_set SEC(".maps");

static int helper(void) { return 1; }
int (*volatile address)(void) = helper;

// CHECK-DAG: entries: accepted
SEC("kprobe/f") int entries(void *ctx) {
  int key = 0;
  long *value = bpf_map_lookup_elem(&to_be_set, &key);
  return value ? *value : 0;
}

// The version is that of the verifier's rules: the read beyond the context is dead code.
// CHECK-DAG: version: accepted
SEC("kprobe/f") int version(void *ctx) {
  return LINUX_KERNEL_VERSION < 0x60000 ? *(volatile char *)(ctx + 4096) : 0;
}

// CHECK-DAG: unknown: refused: V0{{[0-9]+}} context-
SEC("kprobe/f") int unknown(void *ctx) {
  return CONFIG_HZ == 100 ? *(volatile char *)(ctx + 4096) : 0;
}

struct gone {
  int member;
} __attribute__((preserve_access_index));
// CHECK-DAG: missing: accepted
// KERNEL-DAG: missing: refused: V040
SEC("kprobe/f") int missing(void *ctx) { return bpf_core_field_offset(struct gone, member); }

char LICENSE[] SEC("license") = "GPL";
// UNREADABLE: kbpf-verify-plain.c: error:
