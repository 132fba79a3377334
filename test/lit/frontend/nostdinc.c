// SPDX-License-Identifier: MIT OR Apache-2.0
// RUN: not %bpfcc -nostdinc -fsyntax-only %s 2>&1 | FileCheck %s
// CHECK: fatal error: 'linux/bpf.h' file not found
#include <linux/bpf.h>
