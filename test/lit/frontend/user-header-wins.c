// SPDX-License-Identifier: MIT OR Apache-2.0
// A header given by -I comes before the embedded one of that name.
// RUN: rm -rf %t && mkdir -p %t/linux && echo 'my own header' > %t/linux/bpf.h
// RUN: %bpfcc -E -I%t %s | FileCheck %s
// RUN: %bpfcc -E -I %t %s | FileCheck %s
// RUN: %bpfcc -E -isystem %t %s | FileCheck %s
// CHECK: my own header
#include <linux/bpf.h>
