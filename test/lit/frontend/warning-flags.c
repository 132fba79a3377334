// SPDX-License-Identifier: MIT OR Apache-2.0
// RUN: %bpfcc -fsyntax-only %s 2>&1 | count 0
// RUN: %bpfcc -fsyntax-only -Wall %s 2>&1 | FileCheck %s
// RUN: not %bpfcc -fsyntax-only -Wall -Werror %s 2>&1 | FileCheck %s --check-prefix=ERROR
// RUN: %bpfcc -fsyntax-only -Wall -w %s 2>&1 | count 0
// CHECK: warning: unused variable 'unused' [-Wunused-variable]
// ERROR: error: unused variable 'unused' [-Werror,-Wunused-variable]
int f(void) {
  int unused;
  return 0;
}
