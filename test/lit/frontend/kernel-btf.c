// SPDX-License-Identifier: MIT OR Apache-2.0
// --kernel-btf makes vmlinux.h from the kernel's types: those that the program reaches, with their layout.
// RUN: %bpfcc --abi=linux %S/Inputs/kernel.c -o %t.kernel.o
// RUN: %bpfcc --abi=linux --kernel-btf=%t.kernel.o -E %s -o - | FileCheck %s --check-prefix=HEADER
// RUN: %bpfcc --abi=linux --kernel-btf=%t.kernel.o -fsyntax-only -Werror %s
// RUN: llvm-objcopy --dump-section .BTF=%t.btf %t.kernel.o
// RUN: %bpfcc --abi=linux --kernel-btf=%t.btf -fsyntax-only -Werror %s
// RUN: %bpfcc --abi=linux --kernel-btf=%t.btf -MM %s | FileCheck %s --check-prefix=DEPS
// RUN: %bpfcc --abi=linux --kernel-btf=%t.btf -MD -MF - %s -o %t.o | FileCheck %s --check-prefix=SYSTEM
// HEADER: struct reached {
// HEADER-NOT: un{{reached}} {
// DEPS-NOT: .btf
// SYSTEM: .btf
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
_Static_assert(sizeof(struct reached) == 64, "");
_Static_assert(__builtin_offsetof(struct reached, long_gap) == 32, "");
_Static_assert(__builtin_offsetof(struct task, plain) == 24, "");
_Static_assert(sizeof(((struct task *)0)->tight) == 5, "");
_Static_assert(RED == -1 && GREEN == 5, "");
_Static_assert(WIDE == 1ull << 40, "");
SEC("kprobe/f") int p(struct task *t) { return t->child->c + t->in_union + t->plain.anonymous; }
