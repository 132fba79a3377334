// SPDX-License-Identifier: MIT OR Apache-2.0
// libbpf lets user space set a program's type, so an unknown name is no error for Linux.
// RUN: %bpfcc %s --abi=linux -o %t.o 2>&1 | FileCheck %s
// CHECK: :[[#@LINE+2]]:{{[0-9]+}}: warning: SEC("my_own") of program 'p' names no program type of profile 'linux'
#include "../Inputs/defs.h"
SEC("my_own") int p(void *ctx) { return 0; }
