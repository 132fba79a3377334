// SPDX-License-Identifier: MIT OR Apache-2.0
// Refused at the line of C that is to blame, with the values that stand against it.
// RUN: not %bpfcc %s -o %t.o 2>&1 | FileCheck %s
#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 16);
  __type(key, __u32);
  __type(value, __u64);
} counts SEC(".maps");
int table[16];

SEC("kprobe/a")
int index_off_by_one(struct pt_regs *ctx) {
  unsigned long i = PT_REGS_PARM1(ctx);
  // CHECK: refuse-at-line.c:[[#@LINE+2]]:{{.*}}error: 4 bytes at 'table' (64 bytes): offsets 0 to 67 in the value of map '.bss', which has 64 bytes [V028
  if (i <= 16)
    table[i] = 1;
  return 0;
}

SEC("kprobe/b")
int no_null_check(struct pt_regs *ctx) {
  __u32 key = 1;
  __u64 *count = bpf_map_lookup_elem(&counts, &key);
  // CHECK: refuse-at-line.c:[[#@LINE+1]]:{{.*}}error: 'count' is a map value pointer or null: compare it with null first [V023 possibly-null]
  return *count;
}

SEC("kprobe/c")
int waits(struct pt_regs *ctx) {
  // CHECK: refuse-at-line.c:{{[0-9]+}}:{{.*}}error: the loop comes back here in the same state, so it need not end [V011 infinite-loop]
  while (bpf_get_prandom_u32() != 5)
    ;
  return 0;
}

SEC("kprobe/d")
int dereferences_a_number(struct pt_regs *ctx) {
  // CHECK: refuse-at-line.c:[[#@LINE+1]]:{{.*}}error: r{{[0-9]+}} is a number, no pointer [V022 not-a-pointer]
  return *(int *)PT_REGS_PARM1(ctx);
}

char license[] SEC("license") = "GPL";
