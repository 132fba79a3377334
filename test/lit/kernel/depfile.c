// SPDX-License-Identifier: MIT OR Apache-2.0
// The make rule names the profile, and the file with the kernel's types that it names.
// RUN: rm -rf %t && mkdir %t
// RUN: %bindir/kbpf-export-profile %bindir/embedder --no-functions -o %t/k.profile
// RUN: %bpfcc --abi=linux %s -o %t/types.o
// RUN: echo 'btf-file "types.o"' >> %t/k.profile
// RUN: %bpfcc --kernel=%t/k.profile -MD %s -o %t/p.o && FileCheck %s --input-file=%t/p.d
// CHECK: p.o:
// CHECK: depfile.c
// CHECK: k.profile
// CHECK: types.o
#include "../relocator/Inputs/defs.h"
SEC("kprobe/f") int p(void *ctx) { return 0; }
