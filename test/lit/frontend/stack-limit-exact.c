// SPDX-License-Identifier: MIT OR Apache-2.0
// 512 bytes are allowed, eight more are not.
// RUN: %bpfcc -DSIZE=512 -S %s -o %t.s
// RUN: not %bpfcc -DSIZE=520 -S %s -o %t.s 2>&1 | FileCheck %s
// CHECK: error: stack of 'f' is larger than 512 bytes
void use(char *);
int f(void) {
  char bytes[SIZE] __attribute__((aligned(8)));
  use(bytes);
  return 0;
}
