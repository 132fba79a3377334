// SPDX-License-Identifier: MIT OR Apache-2.0
// -mllvm reaches the back end: a larger stack for kernels that have one.
// RUN: %bpfcc -mllvm -bpf-stack-size=1024 -S %s -o - | FileCheck %s
// CHECK: call use
void use(char *);
int f(void) {
  char bytes[600];
  use(bytes);
  return 0;
}
