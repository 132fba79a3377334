// SPDX-License-Identifier: MIT OR Apache-2.0
// RUN: %bpfcc -S %s -o - | FileCheck %s
// RUN: not %bpfcc -DBAD %s -o %t.o 2>&1 | FileCheck %s --check-prefix=BAD
// CHECK: r0 = 42
int f(void) {
#ifdef BAD
  // BAD: error: invalid register/token name
  asm volatile("nonsense here");
#endif
  long x;
  asm volatile("%0 = 42" : "=r"(x));
  return x;
}
