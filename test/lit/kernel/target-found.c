// SPDX-License-Identifier: MIT OR Apache-2.0
// Targets that the kernel has are no cause for a warning: by C's name, by a C++ name without and with parameters, at an
// offset, by a pattern; sections that name no function are not looked at.
// RUN: %clang -x c++ -O2 -g -c %S/Inputs/kernel.cpp -o %t.kernel
// RUN: %bpfcc -Werror --kernel=%t.kernel %s -o %t.o
// RUN: %bpfcc -Werror --abi=linux --kernel=%t.kernel -DLINUX %s -o %t.o
#include "../relocator/Inputs/defs.h"
SEC("kprobe/do_open") int p0(void *ctx) { return 0; }
SEC("kretprobe/fs::File::read") int p1(void *ctx) { return 0; }
SEC("kprobe/twin(int)") int p2(void *ctx) { return 0; }
SEC("kprobe/do_open+0x1") int p3(void *ctx) { return 0; }
SEC("kprobe/do_close.isra.0") int p4(void *ctx) { return 0; }
SEC("kprobe") int p5(void *ctx) { return 0; }
SEC("tracepoint/no/such") int p6(void *ctx) { return 0; }
#ifdef LINUX
SEC("kprobe.multi/do_*") int p7(void *ctx) { return 0; }
SEC("fentry/calls_tiny") int p8(void *ctx) { return 0; }
#endif
