// SPDX-License-Identifier: MIT OR Apache-2.0
// An object that no relocator has seen: relocations and CO-RE records are named.
// RUN: %bpfcc --abi=linux --stop-after=frontend %s -o %t.o
// RUN: %bpfcc --dump %t.o | FileCheck %s
// CHECK: map 'm' defined at .maps+0x0
// CHECK: data '.bss' 8 bytes
// CHECK: function 'p' in 'kprobe/f'
// CHECK: -> total
// CHECK: CO-RE at {{[0-9]+}}: type 'task' path 0:1 kind 0
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __type(key, int);
  __type(value, long);
} m SEC(".maps");
struct task { int pid, tgid; } __attribute__((preserve_access_index));
long total;
SEC("kprobe/f") int p(struct task *t) { return total += t->tgid; }
