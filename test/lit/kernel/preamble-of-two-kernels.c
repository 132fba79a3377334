// SPDX-License-Identifier: MIT OR Apache-2.0
// The cache of parsed headers does not give one kernel's helpers to the programs of another.
// RUN: rm -rf %t && mkdir %t
// RUN: %bindir/kbpf-export-profile %bindir/embedder --no-functions -o %t/1.profile
// RUN: sed 's/helper 1048576 mykernel_hash/helper 1048600 mykernel_hash/' %t/1.profile > %t/2.profile
// RUN: env XDG_CACHE_HOME=%t %bpfcc --kernel=%t/1.profile %s -o %t/1.o
// RUN: env XDG_CACHE_HOME=%t %bpfcc --kernel=%t/2.profile %s -o %t/2.o
// RUN: env XDG_CACHE_HOME=%t not %bpfcc %s -o %t/3.o 2>&1 | FileCheck %s --check-prefix=NONE
// RUN: llvm-objdump -d %t/1.o | FileCheck %s --check-prefix=ONE
// RUN: llvm-objdump -d %t/2.o | FileCheck %s --check-prefix=TWO
// ONE: call 0x100000
// TWO: call 0x100018
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
// NONE: error: call to undeclared function 'mykernel_hash'
SEC("syscall") int p(void *ctx) { return mykernel_hash("abc", 3, 0); }
