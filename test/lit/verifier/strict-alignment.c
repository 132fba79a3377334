// SPDX-License-Identifier: MIT OR Apache-2.0
// Accesses that are not aligned are refused where that is asked for, and only there.
// RUN: %bpfcc -O2 %s -o %t.o
// RUN: not %bpfcc -O2 -fbpf-strict-alignment %s -o %t.strict.o 2>&1 | FileCheck --check-prefix=ERROR %s
// RUN: %bpfcc -O2 -fbpf-strict-alignment -fno-bpf-strict-alignment %s -o %t.o
// RUN: %bindir/kbpf-verify %t.o
// RUN: not %bindir/kbpf-verify --strict-alignment %t.o | FileCheck %s
#define SEC(name) __attribute__((section(name), used))
char _license[] SEC("license") = "GPL";
char bytes[16] __attribute__((aligned(8)));

SEC("kprobe/f") long whole(void *context) {
  // ERROR: strict-alignment.c:[[#@LINE+2]]:{{[0-9]+}}: error: 8 bytes at 'bytes' (16 bytes) plus {{[01]}} may not be aligned; strict alignment was asked for [V027 misaligned-access]
  // CHECK: whole: refused: V027
  return *(volatile long *)(bytes + 1);
}
// CHECK: piece: accepted
SEC("kprobe/g") long piece(void *context) { return bytes[1]; }
