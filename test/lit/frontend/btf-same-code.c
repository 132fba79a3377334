// SPDX-License-Identifier: MIT OR Apache-2.0
// Dropping DWARF changes no instruction.
// RUN: %bpfcc %s --stop-after=frontend -o %t.o
// RUN: %bpfcc -g %s --stop-after=frontend -o %t.g.o
// RUN: llvm-objcopy -O binary --only-section=.text %t.o %t.bin
// RUN: llvm-objcopy -O binary --only-section=.text %t.g.o %t.g.bin
// RUN: cmp %t.bin %t.g.bin
int probe(unsigned long *ctx) {
  unsigned long sum = 0;
  for (int i = 0; i < 10; i++)
    sum += ctx[i] * ctx[9 - i];
  return sum;
}
