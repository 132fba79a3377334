// SPDX-License-Identifier: MIT OR Apache-2.0
// What neither bpfcc nor clang knows is refused by clang.
// RUN: not %bpfcc -fno-such-flag-at-all %s -o %t.o 2>&1 | FileCheck %s
// CHECK: error: unknown argument: '-fno-such-flag-at-all'
int x;
