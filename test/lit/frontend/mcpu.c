// SPDX-License-Identifier: MIT OR Apache-2.0
// v1 has no 32-bit instructions, v3 has, v4 has signed division.
// RUN: %bpfcc -S -mcpu=v1 -DUNSIGNED %s -o - | FileCheck %s --check-prefix=V1 --implicit-check-not='w0 ='
// RUN: %bpfcc -S -DUNSIGNED %s -o - | FileCheck %s --check-prefix=V3
// RUN: %bpfcc -S -mcpu=v4 %s -o - | FileCheck %s --check-prefix=V4
// V1: r0 =
// V3: w0 /=
// V4: w0 s/=
#ifdef UNSIGNED
typedef unsigned number;
#else
typedef int number;
#endif
number f(number a, number b) { return a / b; }
