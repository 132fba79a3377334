// SPDX-License-Identifier: MIT OR Apache-2.0
// Nothing of a system is read, so where it would be does not matter.
// RUN: %bpfcc -fsyntax-only --sysroot=/nowhere --sysroot /nowhere -isysroot /nowhere -nostdlibinc %s
#include <linux/bpf.h>
