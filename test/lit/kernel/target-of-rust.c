// SPDX-License-Identifier: MIT OR Apache-2.0
// Targets by Rust's paths, of both mangling schemes: a function, a method of a type, one of a trait.
// RUN: split-file %s %t
// RUN: %clang -x c -O2 -c %t/kernel.c -o %t/kernel
// RUN: %bpfcc -Werror --kernel=%t/kernel %t/found.c -o %t/found.o
// RUN: %bindir/kbpf-export-profile %t/kernel -o %t/k.profile && FileCheck %s --check-prefix=PROFILE --input-file=%t/k.profile
// RUN: %bpfcc -Werror --kernel=%t/k.profile %t/found.c -o %t/2.o && cmp %t/found.o %t/2.o
// RUN: %bpfcc --kernel=%t/kernel %t/missing.c -o %t/3.o 2>&1 | FileCheck %s
// PROFILE-DAG: "_RNvNtCs1234_6kernel5probe3hit" "kernel::probe::hit"
// PROFILE-DAG: "<kernel::task::Task>::wake"
// CHECK: missing.c:3:{{.*}}: warning: the kernel has no function 'kernel::probe::hitt'; did you mean 'kernel::probe::hit'? [-Wkprobe-target]
//--- kernel.c
volatile int state;
__attribute__((noinline)) int a(int x) __asm__("_RNvNtCs1234_6kernel5probe3hit");
int a(int x) { return state += x; }
__attribute__((noinline)) int b(int x) __asm__("_RNvMNtCs1234_6kernel4taskNtB2_4Task4wake");
int b(int x) { return state -= x; }
__attribute__((noinline)) int c(int x) __asm__("_RNvXs_NtCs1234_6kernel4taskNtB4_4TaskNtB4_5Sleep3end");
int c(int x) { return state ^= x; }
__attribute__((noinline)) int d(int x) __asm__("_ZN6kernel5older3hit17h0123456789abcdefE");
int d(int x) { return state |= x; }
__attribute__((noinline)) int e(int x) __asm__("_Rno_name_of_rust");
int e(int x) { return state &= x; }
//--- found.c
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
SEC("kprobe/kernel::probe::hit") int p0(void *ctx) { return 0; }
SEC("kprobe/<kernel::task::Task>::wake") int p1(void *ctx) { return 0; }
SEC("kprobe/<kernel::task::Task as kernel::task::Sleep>::end") int p2(void *ctx) { return 0; }
SEC("kprobe/kernel::older::hit") int p3(void *ctx) { return 0; }
SEC("kprobe/_Rno_name_of_rust") int p4(void *ctx) { return 0; }
//--- missing.c
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
SEC("kprobe/kernel::probe::hitt") int p(void *ctx) { return 0; }
