// SPDX-License-Identifier: MIT OR Apache-2.0
// RUN: not %bpfcc -fsyntax-only %s 2>&1 | FileCheck %s --strict-whitespace
// CHECK: {{.*}}error-has-line-and-caret.c:[[#@LINE+4]]:10: error: use of undeclared identifier 'missing'
// CHECK: {{^ *}}[[#@LINE+3]] |   return missing;
// CHECK-NEXT: {{^ *}}|          ^
int f(void) {
  return missing;
}
