// SPDX-License-Identifier: MIT OR Apache-2.0
// A refusal's notes: inlined calls, conditions as they were the last time, calls that are open or have returned.
// RUN: not %bpfcc -O2 %s -o %t.o 2>&1 | FileCheck --strict-whitespace --implicit-check-not note: %s
// RUN: not %bpfcc -O2 -fbpf-path-notes=2 %s -o %t.o 2>&1 | FileCheck --check-prefix TWO %s
// RUN: not %bpfcc -O2 -fbpf-path-notes=0 %s -o %t.o 2>&1 | FileCheck --check-prefix NONE --implicit-check-not assuming %s
// RUN: not %bpfcc -O2 --diagnostics-format=json %s -o %t.o 2>&1 | FileCheck --check-prefix JSON %s
// RUN: not %bpfcc -O2 --diagnostics-format=sarif %s -o %t.o 2>&1 | %python -m json.tool | FileCheck --check-prefix SARIF %s
#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

int table[16];

static __attribute__((noinline)) int least(unsigned n) {
  return n > 100 ? 3 : n;
}
static __always_inline int get(unsigned index) {
  return table[index];
}

// CHECK: path-notes.c:[[#@LINE-3]]:{{[0-9]+}}: error: 4 bytes at 'table' (64 bytes): offsets 0 to 67 in the value of map '.bss', which has 64 bytes [V028
// CHECK: path-notes.c:[[#@LINE+37]]:16: note: 'get' is inlined here
// CHECK-NEXT: {{^ *[0-9]+ \|   return sum \+ get\(index\);$}}
// CHECK-NEXT: {{^ *\|                \^$}}
// CHECK: path-notes.c:{{[0-9]+}}:10: note: 'table' has 16 elements; the index here is 0 to 16
// CHECK: path-notes.c:{{[0-9]+}}:10: note: compare the index with the number of elements before: the last of n elements has the index n - 1
// CHECK: path-notes.c:[[#@LINE+22]]:7: note: assuming 'index > 16' is false; 'index' is 0 to 16
// CHECK-NEXT: {{^ *[0-9]+ \|   if \(index > 16\)$}}
// CHECK: path-notes.c:[[#@LINE+26]]:9: note: assuming 'bits & 1 << i' is true (the last of 3 times)
// CHECK: path-notes.c:[[#@LINE+21]]:16: note: 'least' returns 0 to 100
// CHECK: path-notes.c:[[#@LINE+26]]:7: note: assuming 'n > 3' is false; 'n' is 0 to 3
// TWO: note: 2 earlier steps of the path are not shown
// TWO-NEXT: {{ \| }}
// TWO-NEXT: {{ \| }}
// TWO-NEXT: note: 'least' returns 0 to 100
// NONE: error:
// NONE: note: 'get' is inlined here
// JSON: {"severity":"note","message":"'get' is inlined here","file":"{{.*}}path-notes.c","line":
// JSON: {"severity":"note","message":"assuming 'index > 16' is false; 'index' is 0 to 16"
// SARIF: "relatedLocations": [
// SARIF: "text": "'get' is inlined here"
// SARIF: "codeFlows": [
// SARIF: "threadFlows": [
// SARIF: "text": "assuming 'index > 16' is false; 'index' is 0 to 16"
// SARIF: "text": "4 bytes at 'table'
SEC("kprobe/f")
int count(struct pt_regs *ctx) {
  unsigned index = PT_REGS_PARM1(ctx);
  if (index > 16)
    return 0;
  unsigned n = least(PT_REGS_PARM2(ctx));
  unsigned long bits = PT_REGS_PARM3(ctx);
  int sum = 0;
  for (int i = 0; i < 3; i++)
    if (bits & 1 << i)
      sum += get(i);
  if (n > 3)
    sum += 2;
  return sum + get(index);
}
char license[] SEC("license") = "GPL";
