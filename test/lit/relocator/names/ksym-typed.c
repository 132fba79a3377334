// SPDX-License-Identifier: MIT OR Apache-2.0
// A variable of the kernel that its types describe is named by its place among these; its type must be the kernel's, and only
// its start has a name.
// RUN: %bpfcc %s -o %t.o --print-after=resolve | FileCheck %s
// RUN: not %bpfcc -DOTHER_TYPE %s -o %t.o 2>&1 | FileCheck %s --check-prefix=TYPE
// RUN: not %bpfcc -DINSIDE %s -o %t.o 2>&1 | FileCheck %s --check-prefix=INSIDE
// RUN: not %bpfcc -DMISSPELT %s -o %t.o 2>&1 | FileCheck %s --check-prefix=NEAREST
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
char license[] SEC("license") = "GPL";
#ifdef OTHER_TYPE
struct mine { int a; };
extern const struct mine total_forks __ksym;
#else
extern const unsigned long total_forks __ksym;
#endif
extern const int cpu_number __ksym;
SEC("kprobe/sys_getppid") int p(void *ctx) {
#ifdef MISSPELT
  extern const int cpu_nubmer __ksym;
  // NEAREST: [[#@LINE+1]]:{{[0-9]+}}: error: the kernel has no variable 'cpu_nubmer'; did you mean 'cpu_number'?
  return *(const int *)bpf_this_cpu_ptr(&cpu_nubmer);
#elif defined INSIDE
  const void *inside;
  asm("%0 = cpu_number + 4 ll" : "=r"(inside));
  return *(const int *)bpf_this_cpu_ptr(inside) + *(const int *)bpf_this_cpu_ptr(&cpu_number);
#else
  return *(const int *)bpf_this_cpu_ptr(&cpu_number) + (*(const long *)&total_forks != 0);
#endif
}
// CHECK-DAG: ExternRef cpu_number -> variable of the kernel, type
// CHECK-DAG: ExternRef total_forks -> variable of the kernel, type
// TYPE: ksym-typed.c:[[#@LINE-5]]:{{.*}}error: 'total_forks' is of another type in the kernel
// INSIDE: error: address 'cpu_number' + 4; programs name a variable of the kernel by its start only
