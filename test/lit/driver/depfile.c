// SPDX-License-Identifier: MIT OR Apache-2.0
// -MD writes a make rule beside the object; embedded headers are not in it, they have no file.
// RUN: rm -rf %t && mkdir -p %t/inc && echo 'int y;' > %t/inc/mine.h
// RUN: cd %t && %bpfcc -MD -I inc -fsyntax-only %s -o out.o
// RUN: FileCheck %s --implicit-check-not=bpfcc-builtin < %t/out.d
// CHECK: out.o: {{.*}}depfile.c \
// CHECK-NEXT: inc/mine.h
#include "mine.h"
#include <linux/bpf.h>
