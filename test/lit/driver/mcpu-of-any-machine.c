// SPDX-License-Identifier: MIT OR Apache-2.0
// clang's other two names: generic is v1; probe would ask the machine that compiles, and is the kernel's default here.
// RUN: %bpfcc -c %s -o %t.default && %bpfcc -mcpu=v3 -c %s -o %t.v3 && %bpfcc -mcpu=probe -c %s -o %t.probe
// RUN: cmp %t.default %t.probe && cmp %t.v3 %t.probe
// RUN: %bpfcc -mcpu=v1 -c %s -o %t.v1 && %bpfcc -mcpu=generic -c %s -o %t.generic && cmp %t.v1 %t.generic
// RUN: not cmp %t.v1 %t.v3
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
SEC("kprobe/f") int f(void *ctx) { return (int)bpf_get_prandom_u32() < 7; }
