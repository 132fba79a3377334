// SPDX-License-Identifier: MIT OR Apache-2.0
// A member that is const is read into a variable that is not: the value read is what counts. ___type and ___arrow are
// names that other projects' macros are made of.
// RUN: %bpfcc -Werror -Wall --abi=linux --stop-after=frontend %s -o %t.o
// RUN: llvm-objdump -d %t.o | FileCheck %s
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
struct node {
  const long value;
  struct node *const next;
} __attribute__((preserve_access_index));
#define READ(src, a, ...)                                                                                          \
  ({                                                                                                               \
    ___type((src), a, ##__VA_ARGS__) result;                                                                       \
    BPF_CORE_READ_INTO(&result, (src), a, ##__VA_ARGS__);                                                          \
    result;                                                                                                        \
  })
// CHECK-LABEL: <first>:
// CHECK-COUNT-2: call 0x71
// CHECK: r0 = *(u64 *)(r10 - 0x{{.*}})
// CHECK-NEXT: exit
SEC("kprobe/f") unsigned long first(struct node *ctx) { return BPF_CORE_READ(ctx, next, value); }
// CHECK-LABEL: <second>:
// CHECK-COUNT-2: call 0x71
// CHECK: r0 = *(u64 *)(r10 - 0x{{.*}})
// CHECK-NEXT: exit
SEC("kprobe/g") unsigned long second(struct node *ctx) { return READ(ctx, next, value); }
// CHECK-LABEL: <third>:
// CHECK: r0 = *(u64 *)(r1 +
SEC("kprobe/h") unsigned long third(struct node *ctx) { return ___arrow(ctx, value); }
