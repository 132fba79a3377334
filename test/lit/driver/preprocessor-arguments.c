// SPDX-License-Identifier: MIT OR Apache-2.0
// -Wp, and -Xpreprocessor hand on options that bpfcc has itself. After -Wp,-MD comes the rule's file, as Kbuild writes it.
// RUN: rm -f %t.d %t2.d && %bpfcc -Wp,-MD,%t.d -Wp,-DONE=1,-UTWO -Xpreprocessor -DTHREE=3 -c %s -o %t.o && FileCheck %s < %t.d
// RUN: %bpfcc -Wp,-MMD,%t2.d,-DONE=1 -DTHREE=3 -c %s -o %t.o && FileCheck %s < %t2.d
// CHECK: .o:{{.*}}preprocessor-arguments.c
#if ONE != 1 || THREE != 3 || defined(TWO)
#error the macros have not come
#endif
__attribute__((section("kprobe/f"))) int f(int *ctx) { return 0; }
