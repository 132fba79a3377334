// SPDX-License-Identifier: MIT OR Apache-2.0
// A program that names arguments as the probed function does: what it reads there has no column in the debug information,
// so its name is pointed at.
// RUN: not %bpfcc %s -o %t.o 2>&1 | FileCheck %s --implicit-check-not=error:
// RUN: %bpfcc -fno-bpf-verify --abi=linux -c %s -o %t.linux.o && not %bpfcc %t.linux.o -o %t.o 2>&1 | FileCheck %s --check-prefix OBJECT
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
SEC("kprobe/f") int two_args(void *ctx, int more) { return more; }
// CHECK: [[#@LINE-1]]:21: error: 'more' is read but holds nothing [V020 uninitialised-register]
// CHECK: note: a program gets one argument, its context; BPF_KPROBE(name, ...) and its like name what a traced function was called with
// OBJECT: [[#@LINE-3]]:21: error: {{.*}} is read but holds nothing
