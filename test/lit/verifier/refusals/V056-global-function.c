// SPDX-License-Identifier: MIT OR Apache-2.0
// Give a function that is not static arguments that can be checked on their own: numbers, the context, pointers to structures of known size.
// RUN: not %bpfcc -O2 %s -o %t.o 2>&1 | FileCheck %s
// RUN: %bpfcc -O2 -DMENDED %s -o %t.mended.o
// CHECK: error: {{.*}}[V056
#include "../mistakes/Inputs/common.h"

struct pair {
  int a, b;
};

#ifdef MENDED
__attribute__((noinline)) int sum(struct pair *pair) {
  return pair ? pair->a + pair->b : 0;
}
#else
__attribute__((noinline)) int sum(struct pair pair, void **rest) {
  return pair.a + pair.b + (rest ? 1 : 0);
}
#endif

SEC("kprobe/f")
int f(struct pt_regs *ctx) {
  struct pair pair = {1, 2};
#ifdef MENDED
  return sum(&pair);
#else
  return sum(pair, 0);
#endif
}
