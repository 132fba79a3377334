// SPDX-License-Identifier: MIT OR Apache-2.0
// The host's /usr/include is never searched.
// RUN: not %bpfcc -fsyntax-only %s 2>&1 | FileCheck %s
// CHECK: fatal error: 'stdio.h' file not found
#include <stdio.h>
