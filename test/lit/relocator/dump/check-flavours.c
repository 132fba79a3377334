// SPDX-License-Identifier: MIT OR Apache-2.0
// Two flavours of one structure, of which each lacks a field of the other, are sound records.
// RUN: %bpfcc %s -o %t.o && %bpfcc --dump --check %t.o
#include "../Inputs/defs.h"
#define preserve __attribute__((preserve_access_index))
struct task___new { long other; int state; } preserve;
struct task___old { int state; long more; } preserve;
struct task { long first, second; int state; } preserve;
SEC("kprobe/f") int p(struct task *task) {
  struct task___new *newer = (void *)task;
  struct task___old *older = (void *)task;
  if (__builtin_preserve_field_info(newer->other, 2))
    return __builtin_preserve_field_info(newer->state, 0);
  return __builtin_preserve_field_info(older->state, 0) + __builtin_preserve_field_info(task->state, 0);
}
