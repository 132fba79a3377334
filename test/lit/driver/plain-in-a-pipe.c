// SPDX-License-Identifier: MIT OR Apache-2.0
// No colour unless on a terminal or asked for.
// RUN: not %bpfcc -fsyntax-only %s 2>&1 | FileCheck %s --check-prefix=PLAIN
// RUN: not %bpfcc -fsyntax-only -fcolor-diagnostics %s 2>&1 | FileCheck %s --check-prefix=COLOR
// PLAIN-NOT: [0;1;31m
// COLOR: [0;1;31merror
int x = y;
