// SPDX-License-Identifier: MIT OR Apache-2.0
// System call numbers are those of the machine that the program is for.
// RUN: %bpfcc -fsyntax-only %s -DOPENAT=56 -DMMAP=222
// RUN: %bpfcc -fsyntax-only %s -D__TARGET_ARCH_x86 -DOPENAT=257 -DMMAP=9
// RUN: not %bpfcc -fsyntax-only %s -D__TARGET_ARCH_s390 -DOPENAT=0 -DMMAP=0 2>&1 | FileCheck %s
// CHECK: error: "no system call numbers of this machine are built in
#include <asm/unistd.h>
_Static_assert(__NR_openat == OPENAT, "");
_Static_assert(__NR_mmap == MMAP, "");
