// SPDX-License-Identifier: MIT OR Apache-2.0
// Maps, data, subprograms and externs are left to libbpf.
// RUN: %bpfcc --abi=linux %s --stop-after=resolve --print-after=resolve | FileCheck %s
#include "../Inputs/defs.h"
HASH(counts);
extern const int jiffies __attribute__((section(".ksyms")));
extern void kernel_function(void *) __attribute__((section(".ksyms")));
int counter = 1;
static __noinline int callee(int a) { return a * a; }
SEC("kprobe/f") int p(void *ctx) {
  u32 key = jiffies + counter++;
  kernel_function(ctx);
  return lookup_elem(&counts, &key) ? callee(key) : 0;
}
// CHECK-DAG: ExternRef jiffies -> loader
// CHECK-DAG: MapValue .data+0x0 -> loader
// CHECK-DAG: ExternCall kernel_function -> loader
// CHECK-DAG: MapRef .maps+0x0 -> loader
// CHECK-DAG: SubprogCall .text+0x0 -> loader
