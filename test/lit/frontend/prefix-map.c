// SPDX-License-Identifier: MIT OR Apache-2.0
// -ffile-prefix-map reaches __FILE__.
// RUN: rm -rf %t && mkdir %t && cp %s %t/x.c
// RUN: %bpfcc -E -P -ffile-prefix-map=%t=/src %t/x.c | FileCheck %s
// CHECK: file "/src/x.c"
file __FILE__
