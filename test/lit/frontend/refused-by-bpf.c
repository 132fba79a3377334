// SPDX-License-Identifier: MIT OR Apache-2.0
// What BPF lacks is refused at its line, all of it in one run.
// RUN: not %bpfcc %s -o %t.o 2>&1 | FileCheck %s --implicit-check-not=error:
// RUN: not %bpfcc -O0 %s -o %t.o 2>&1 | FileCheck %s --implicit-check-not=error:
// CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: indirect call: BPF calls functions by name and helpers by number only
int indirect(int (*f)(int)) { return f(3); }
int computed_goto(int x) {
  void *labels[] = {&&a, &&b};
  // CHECK: error: computed goto: BPF has no indirect jump
  goto *labels[x];
a:
  return 1;
b:
  return 2;
}
// CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: atomic compare-and-exchange of less than 32 bits: BPF has it for 32 and 64 bits
char exchange(char *p) { return __sync_val_compare_and_swap(p, 1, 2); }
// CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: atomic operation on less than 32 bits: BPF has it for 32 and 64 bits
short add(short *p) { return __sync_fetch_and_add(p, 1); }
int many(int, int, int, int, int, int);
// CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: call with more than 5 arguments: BPF passes them in 5 registers
int six(int a) { return many(a, a, a, a, a, a); }
// CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: floating point: BPF has only integers
float half(float x) { return x / 2; }
// CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: return or frame address: a BPF program cannot look at its call stack
void *caller(void) { return __builtin_return_address(0); }
// CHECK: [[#@LINE+1]]:{{[0-9]+}}: error: result of more than 64 bits: BPF returns one register
__int128 wide(long a) { return (__int128)a * a; }
