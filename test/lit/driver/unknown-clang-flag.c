// SPDX-License-Identifier: MIT OR Apache-2.0
// What neither bpfcc nor clang knows is refused by clang; bpfcc adds the name that is near.
// RUN: not %bpfcc -fno-such-flag-at-all %s -o %t.o 2>&1 | FileCheck %s
// RUN: not %bpfcc -fsyntax-olny %s -o %t.o 2>&1 | FileCheck %s --check-prefix=NEAREST
// RUN: not %bpfcc --diagnostics-format=json -fsyntax-olny %s -o %t.o 2>&1 | FileCheck %s --check-prefix=JSON
// CHECK: error: unknown argument: '-fno-such-flag-at-all'
// NEAREST: error: unknown argument: '-fsyntax-olny'; did you mean '-fsyntax-only'?
// JSON: {"severity":"error",{{.*}}"message":"unknown argument: '-fsyntax-olny'; did you mean '-fsyntax-only'?"
int x;
