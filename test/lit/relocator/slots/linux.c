// SPDX-License-Identifier: MIT OR Apache-2.0
// libbpf reads the initial values itself: they stay relocations.
// RUN: %bpfcc --abi=linux %s -o %t.o && llvm-readelf -r %t.o | FileCheck %s
#include "../Inputs/defs.h"
SEC("kprobe/f") int p(void *ctx) { return 0; }
struct {
  __uint(type, 3);
  __uint(max_entries, 2);
  __uint(key_size, 4);
  __array(values, int(void *));
} table SEC(".maps") = {.values = {[1] = (void *)&p}};
// CHECK: Relocation section '.rel.maps'
// CHECK: R_BPF_64_ABS64 {{.*}} p
