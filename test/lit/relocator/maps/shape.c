// SPDX-License-Identifier: MIT OR Apache-2.0
// What no kernel of this profile makes a map of, at the limit and one above it (runtime/abi/map_shapes.def). A size that
// is missing may be set by who loads the object. For Linux the kernel answers.
// RUN: not %bpfcc %s --stop-after=resolve 2>&1 | FileCheck %s --implicit-check-not=error:
// RUN: %bpfcc --abi=linux -DLIMIT=0 %s -o %t.o
// RUN: %bpfcc -DLIMIT=0 -DAT_LIMIT %s -o %t.o
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#ifndef LIMIT
#define LIMIT 1
#endif
#define MAP(name, kind, entries, key, value, flags)                                                                            \
  struct {                                                                                                                     \
    __uint(type, BPF_MAP_TYPE_##kind);                                                                                         \
    __uint(max_entries, entries);                                                                                              \
    __uint(key_size, key);                                                                                                     \
    __uint(value_size, value);                                                                                                 \
    __uint(map_flags, flags);                                                                                                  \
  } name SEC(".maps")
#if LIMIT || defined AT_LIMIT
// CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: map 'percpu_value': a value of 32769 bytes; type percpu_array takes 1 to 32768
MAP(percpu_value, PERCPU_ARRAY, 1, 4, 32768 + LIMIT, 0);
// CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: map 'hash_value': a value of 4194305 bytes; type hash takes 1 to 4194304
MAP(hash_value, HASH, 1, 4, 4194300 + 5 * LIMIT, 0);
// CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: map 'queue_value': a value of 4194305 bytes; type queue takes 1 to 4194304
MAP(queue_value, QUEUE, 1, 0, 4194304 + LIMIT, 0);
// CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: map 'stack_depth': a value of 1024 bytes; type stack_trace takes 8 to 1016
MAP(stack_depth, STACK_TRACE, 1, 4, 1016 + 8 * LIMIT, 0);
// CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: map 'prefix': a key of 261 bytes; type lpm_trie takes 5 to 260
MAP(prefix, LPM_TRIE, 1, 260 + LIMIT, 1, BPF_F_NO_PREALLOC);
// CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: map 'programs': a value of 5 bytes; type prog_array takes 4
MAP(programs, PROG_ARRAY, 1, 4, 4 + LIMIT, 0);
// CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: map 'threads': a value of 65505 bytes; type task_storage takes 1 to 65504
MAP(threads, TASK_STORAGE, 0, 4, 65504 + LIMIT, BPF_F_NO_PREALLOC);
#endif
#if LIMIT
// CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: map 'records': type ringbuf has no keys; leave key_size out
MAP(records, RINGBUF, 4096, 4, 0, 0);
// CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: map 'addresses': a value of 12 bytes; a stack has 8 for each address
MAP(addresses, STACK_TRACE, 1, 4, 12, 0);
// CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: map 'late': type lpm_trie needs __uint(map_flags, BPF_F_NO_PREALLOC)
MAP(late, LPM_TRIE, 1, 8, 4, 0);
// CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: map 'flags': map_flags has BPF_F_NO_PREALLOC | 0x2000, which type array does not take
MAP(flags, ARRAY, 1, 4, 4, BPF_F_NO_PREALLOC | 0x2000);
#endif
SEC("kprobe/x") int p(void *ctx) { return 0; }
