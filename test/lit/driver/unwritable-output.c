// SPDX-License-Identifier: MIT OR Apache-2.0
// RUN: not %bpfcc -S %s -o %t.no-such-directory/x.s 2>&1 | FileCheck %s
// CHECK: bpfcc: error: cannot create '{{.*}}x.s': No such file or directory
int x;
