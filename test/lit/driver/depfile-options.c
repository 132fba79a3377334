// SPDX-License-Identifier: MIT OR Apache-2.0
// -MF, -MT, -MQ and -MP.
// RUN: rm -rf %t && mkdir -p %t && echo 'int y;' > %t/mine.h
// RUN: %bpfcc -MMD -MF %t/rule -MT one -MQ 'two$x' -MP -I%t -fsyntax-only %s
// RUN: FileCheck %s < %t/rule
// CHECK: one two$$x: {{.*}}depfile-options.c \
// CHECK-NEXT: {{.*}}mine.h
// CHECK: {{^}}{{.*}}mine.h:{{$}}
#include "mine.h"
