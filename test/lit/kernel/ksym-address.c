// SPDX-License-Identifier: MIT OR Apache-2.0
// Where the kernel's symbols are known, an extern in .ksyms is the address of its variable or function.
// RUN: split-file %s %t
// RUN: %clang -x c -O2 -c %t/kernel.c -o %t/kernel
// RUN: %bpfcc --kernel=%t/kernel %t/p.c -o %t/p.o && llvm-objdump -d %t/p.o | FileCheck %s
// RUN: %bindir/kbpf-export-profile %t/kernel -o %t/k.profile && FileCheck %s --check-prefix=PROFILE --input-file=%t/k.profile
// RUN: %bpfcc --kernel=%t/k.profile %t/p.c -o %t/2.o && cmp %t/p.o %t/2.o
// RUN: not %bpfcc --kernel=%t/k.profile %t/missing.c -o %t/3.o 2>&1 | FileCheck %s --check-prefix=MISSING --implicit-check-not=error:
// PROFILE: variable 0x{{[0-9a-f]+}} 8 "second"
// CHECK: = 0x8 ll
// MISSING: missing.c:5:{{[0-9]+}}: error: the kernel has no symbol 'third'; declared __weak its address is 0
//--- kernel.c
long first = 1, second = 2;
int function(void) { return 0; }
//--- p.c
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
extern const long second __ksym;
extern const long third __ksym __weak;
SEC("kprobe") int p(void *ctx) {
  long value = 0;
  if (&third)
    return 1;
  bpf_probe_read_kernel(&value, sizeof value, &second);
  return value + ((long)&second >> 3);
}
//--- missing.c
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
extern const int third __ksym;
SEC("kprobe") int p(void *ctx) {
  return (long)&third >> 8;
}
