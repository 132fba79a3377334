// SPDX-License-Identifier: MIT OR Apache-2.0
// A refusal names the variable that an access misses, how large it was declared, and for arrays which elements are meant; with -g,
// too.
// RUN: not %bpfcc -O2 %s -o %t.o 2>&1 | FileCheck %s --implicit-check-not=error:
// RUN: not %bpfcc -g -O2 %s -o %t.o 2>&1 | FileCheck %s --implicit-check-not=error:
#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

int first[7], second[16];

SEC("kprobe/f")
int on_stack(struct pt_regs *ctx) {
  volatile char before = 1;
  int table[16] = {};
  unsigned index = PT_REGS_PARM1(ctx);
  if (index > 600)
    return before;
  table[index] = 5;
  // CHECK: [[#@LINE-1]]:{{[0-9]+}}: error: 4 bytes at 'table' (64 bytes): offsets {{-[0-9]+}} to {{[0-9]+}}, the frame is -512 to -1 [V025
  // CHECK: [[#@LINE-2]]:{{[0-9]+}}: note: 'table' has 16 elements; the index here is 0 to 600
  // CHECK: [[#@LINE-3]]:{{[0-9]+}}: note: keep the index below the length of the array on the stack
  return table[3];
}

SEC("kprobe/f")
int to_helper(struct pt_regs *ctx) {
  char name[16];
  bpf_get_current_comm(name, 32);
  // CHECK: [[#@LINE-1]]:{{[0-9]+}}: error: 32 bytes at argument 1, 'name' (16 bytes): offsets -16 to 15, the frame is -512 to -1 [V025
  return name[0];
}

// CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: 4 bytes at 'second' (64 bytes): offsets 28 to 95 in the value of map '.bss', which has 92 bytes [V028
static __attribute__((noinline)) int set(int *where, unsigned index) { return where[index] = index; }
// CHECK: [[#@LINE-1]]:{{[0-9]+}}: note: 'second' has 16 elements; the index here is 0 to 16
SEC("kprobe/f")
int in_data(struct pt_regs *ctx) {
  unsigned index = PT_REGS_PARM1(ctx);
  first[1] = 2;
  return index <= 16 ? set(second, index) : 0;
}
