// SPDX-License-Identifier: MIT OR Apache-2.0
// Names that a look at the text does not find: pasted, in a file that a macro names, in one given by -include, in -D.
// RUN: rm -rf %t && mkdir %t && echo '#define NOW bpf_ktime_get_ns()' > %t/now.h
// RUN: %bpfcc -Werror -I%t -DRANDOM=bpf_get_prandom_u32 -include %t/now.h %s -o %t/a.o
// RUN: %bpfcc -Werror -DRANDOM=bpf_get_prandom_u32 '-DNOW=JOIN(bpf_ktime_get,_boot_ns)()' '-DJOIN(a,b)=a##b' %s -o %t/b.o
// RUN: %bpfcc -Werror -DRANDOM=bpf_get_prandom_u32 '-DFILE="%t/now.h"' %s -o %t/c.o
// RUN: %bpfcc --dump %t/a.o | FileCheck %s
#include <bpf/bpf_helpers.h>
#ifdef FILE
#include FILE
#endif
// CHECK-DAG: bpf_ktime_get_ns
// CHECK-DAG: bpf_get_prandom_u32
SEC("kprobe/f") int first(void *ctx) { return NOW + RANDOM(); }
char LICENSE[] SEC("license") = "GPL";
