// SPDX-License-Identifier: MIT OR Apache-2.0
// The flags that BPF Makefiles pass to clang.
// RUN: %bpfcc -g -O2 -target bpf -D__TARGET_ARCH_x86 -Wall -Wno-unused-value -Wno-pointer-sign -Wno-compare-distinct-pointer-types -Wno-gnu-variable-sized-type-not-at-end -fno-asynchronous-unwind-tables -fno-strict-aliasing -ffreestanding -fno-stack-protector -nostdlib -mlittle-endian -c %s -o %t.o 2>&1 | count 0
// RUN: llvm-readelf -S %t.o | FileCheck %s
// CHECK: .kbpf.progs
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "Dual BSD/GPL";
SEC("kprobe/f") int probe(void *ctx) { return 0; }
