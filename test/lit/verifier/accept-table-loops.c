// SPDX-License-Identifier: MIT OR Apache-2.0
// Accepted: indices bounded by a comparison, a mask, a remainder and two comparisons with sign; sums that part the paths of a loop.
// RUN: %bpfcc -O1 -mcpu=v1 -Werror %s -o %t.o
// RUN: %bpfcc -O1 -mcpu=v2 -Werror %s -o %t.o
// RUN: %bpfcc -O1 -mcpu=v3 -Werror %s -o %t.o
// RUN: %bpfcc -O1 -mcpu=v4 -Werror %s -o %t.o
// RUN: %bpfcc -O2 -mcpu=v1 -Werror %s -o %t.o
// RUN: %bpfcc -O2 -mcpu=v2 -Werror %s -o %t.o
// RUN: %bpfcc -O2 -mcpu=v3 -Werror %s -o %t.o
// RUN: %bpfcc -O2 -mcpu=v4 -Werror %s -o %t.o
// RUN: %bpfcc -Os -mcpu=v1 -Werror %s -o %t.o
// RUN: %bpfcc -Os -mcpu=v2 -Werror %s -o %t.o
// RUN: %bpfcc -Os -mcpu=v3 -Werror %s -o %t.o
// RUN: %bpfcc -Os -mcpu=v4 -Werror %s -o %t.o
#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define COUNT 100
int table[COUNT];
int sums[4];
unsigned next;

SEC("kprobe/f")
int walk(struct pt_regs *ctx) {
  unsigned long limit = PT_REGS_PARM1(ctx), sum = 0;
  char local[40];
  if (limit > COUNT)
    limit = COUNT;
  for (unsigned long i = 0; i < limit; i++)
    sum += table[i];
  for (int i = 0; i < COUNT; i++) {
    int value = table[i];
    if (value & 1)
      sums[0] += value;
    else if (value & 2)
      sums[1] += value;
    else if (value > 1000)
      sums[2]++;
    else
      sums[3]--;
  }
  int at = PT_REGS_PARM2(ctx);
  if (at >= 0 && at < COUNT)
    table[at] = sum;
  table[next++ % COUNT] ^= 0x55;
  short which = PT_REGS_PARM3(ctx);
  if (which < 0)
    which = -which;
  if (which >= 0 && which < 4)
    sums[which] = 1;
  for (unsigned i = 0; i < sizeof(local); i++)
    local[i] = i * limit;
  return local[PT_REGS_PARM4(ctx) & 31];
}

char license[] SEC("license") = "GPL";
