// SPDX-License-Identifier: MIT OR Apache-2.0
// RUN: %bpfcc -E -P -std=c11 %s | FileCheck %s
// RUN: %bpfcc -E -P -std=gnu89 %s | FileCheck %s --check-prefix=C89
// RUN: not %bpfcc -E -P -std=c12 %s 2>&1 | FileCheck %s --check-prefix=BAD
// CHECK: version 201112L
// C89: version __STDC_VERSION__
// BAD: error: invalid value 'c12' in '-std=c12'
version __STDC_VERSION__
