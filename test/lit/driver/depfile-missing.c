// SPDX-License-Identifier: MIT OR Apache-2.0
// -MG: headers that the build is yet to make are dependencies; only where nothing is compiled.
// RUN: %bpfcc -MM -MG %s | FileCheck %s --implicit-check-not=error
// RUN: not %bpfcc -MM %s 2>&1 | FileCheck %s --check-prefix=NOT-FOUND
// RUN: not %bpfcc -MD -MG %s -o %t.o 2>&1 | FileCheck %s --check-prefix=COMPILED
// CHECK: depfile-missing.o: {{.*}}depfile-missing.c \
// CHECK-NEXT: generated.skel.h \
// CHECK-NEXT: made/version.h
// NOT-FOUND: fatal error: 'generated.skel.h' file not found
// COMPILED: error: '-MG' goes with -M or -MM: what is compiled needs its headers
#include "generated.skel.h"
#include <made/version.h>
