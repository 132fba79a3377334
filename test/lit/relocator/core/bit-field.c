// SPDX-License-Identifier: MIT OR Apache-2.0
// A bit field is loaded by its aligned word and shifted into place.
// RUN: %bpfcc --abi=linux %S/Inputs/kernel.c -o %t.kernel.o
// RUN: %bpfcc --kernel-btf=%t.kernel.o -fno-bpf-verify %s -o %t.o
// RUN: llvm-objdump -d --no-show-raw-insn %t.o | FileCheck %s
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#define CORE __attribute__((preserve_access_index))
struct task { int c : 9; unsigned b : 2; } CORE;
SEC("kprobe/f") long p(struct task *t) { return BPF_CORE_READ_BITFIELD(t, b); }
SEC("kprobe/f") long q(struct task *t) { return BPF_CORE_READ_BITFIELD(t, c); }
// The word at 32; b has the bits 3 to 9 of it, c the bits 10 to 14.
// CHECK: <p>:
// CHECK: 0x20
// CHECK: <<= 0x36
// CHECK: >>= 0x39
// CHECK: <q>:
// CHECK: <<= 0x31
// CHECK: s>>= 0x3b
