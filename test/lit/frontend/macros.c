// SPDX-License-Identifier: MIT OR Apache-2.0
// -D, -U and -include, joined and separate.
// RUN: echo '#define FROM_FILE 3' > %t.h
// RUN: %bpfcc -E -DONE=1 -D TWO=2 -DGONE -UGONE -include %t.h %s | FileCheck %s
// CHECK: values 1 2 3 GONE
values ONE TWO FROM_FILE GONE
