// SPDX-License-Identifier: MIT OR Apache-2.0
// What a kbpf object consists of.
// RUN: %bpfcc %s -o %t.o
// RUN: llvm-readelf -S %t.o | FileCheck %s
#include "../Inputs/defs.h"
HASH(counts);
const volatile int limit = 3;
int counter = 1, zero;
GPL;
SEC("kprobe/f") int p(void *ctx) {
  u32 key = limit + counter++ + zero++;
  return lookup_elem(&counts, &key) != 0;
}
SEC("?kretprobe/f") int q(void *ctx) { return 0; }
// CHECK: [ 0]
// CHECK-NEXT: kprobe/f PROGBITS {{.*}} AX
// CHECK-NEXT: kretprobe/f PROGBITS {{.*}} AX
// CHECK-DAG: .data PROGBITS {{.*}} WA
// CHECK-DAG: .rodata PROGBITS {{.*}} A
// CHECK-DAG: license PROGBITS
// CHECK: .BTF PROGBITS
// CHECK-NEXT: .BTF.ext PROGBITS
// CHECK-NEXT: .kbpf.abi PROGBITS {{[0-9a-f]+}} {{[0-9a-f]+}} 000020
// CHECK-NEXT: .kbpf.maps PROGBITS {{[0-9a-f]+}} {{[0-9a-f]+}} 000100
// CHECK-NEXT: .kbpf.progs PROGBITS {{[0-9a-f]+}} {{[0-9a-f]+}} 000080
// CHECK-NEXT: .kbpf.strtab PROGBITS
// CHECK-NEXT: .symtab SYMTAB
// CHECK-NEXT: .strtab STRTAB
// CHECK-NOT: [{{ ?[0-9]+}}]
