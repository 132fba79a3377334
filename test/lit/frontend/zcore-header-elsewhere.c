// SPDX-License-Identifier: MIT OR Apache-2.0
// RUN: not %bpfcc -fsyntax-only %s 2>&1 | FileCheck %s
// CHECK: error: "kbpf/zcore.h describes another kind of kernel: compile with --abi=zcore"
#include <kbpf/zcore.h>
