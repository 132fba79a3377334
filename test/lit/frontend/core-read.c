// SPDX-License-Identifier: MIT OR Apache-2.0
// A chain of pointers: one read a step, each with its access recorded for CO-RE.
// RUN: %bpfcc %s --abi=linux --stop-after=frontend -o %t.o
// RUN: llvm-objdump -d %t.o | FileCheck %s
// RUN: llvm-readelf -p .BTF %t.o | FileCheck %s --check-prefix=BTF
// CHECK-COUNT-3: call 0x71
// CHECK-NOT: call
// BTF: ] 0:1{{$}}
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
struct node {
  long value;
  struct node *next;
} __attribute__((preserve_access_index));
SEC("kprobe/f") int probe(struct node *ctx) { return BPF_CORE_READ(ctx, next, next, value); }
