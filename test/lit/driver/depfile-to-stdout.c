// SPDX-License-Identifier: MIT OR Apache-2.0
// -MM prints the rule and compiles nothing; system headers stay out.
// RUN: rm -rf %t && mkdir -p %t/sys && echo 'int y;' > %t/sys/sys.h
// RUN: %bpfcc -MM -isystem %t/sys %s | FileCheck %s --check-prefix=MM --implicit-check-not=sys.h
// RUN: %bpfcc -M -isystem %t/sys %s | FileCheck %s --check-prefix=M
// MM: depfile-to-stdout.o: {{.*}}depfile-to-stdout.c
// M: sys.h
#include <sys.h>
