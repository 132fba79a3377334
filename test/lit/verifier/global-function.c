// SPDX-License-Identifier: MIT OR Apache-2.0
// A function that is not static is checked on its own, with any arguments; a static or hidden one with those of its calls.
// The same from bpfcc, and from kbpf-verify for bpfcc's object and for clang's.
// RUN: not %bpfcc -O2 -DWRONG %s -o %t.wrong.o 2>&1 | FileCheck --check-prefix=WRONG %s
// RUN: %bpfcc -O2 -fno-bpf-verify -DWRONG %s -o %t.wrong.o
// RUN: not %bindir/kbpf-verify %t.wrong.o | FileCheck --check-prefix=VERDICTS %s
// RUN: %clang -target bpf -g -O2 -DWRONG -c %s -o %t.plain.o
// RUN: not %bindir/kbpf-verify %t.plain.o | FileCheck --check-prefix=VERDICTS %s
// RUN: %bpfcc -O2 %s -o %t.o
// RUN: %bindir/kbpf-verify %t.o | FileCheck --check-prefix=RIGHT %s
#define SEC(name) __attribute__((section(name), used))
#define NOINLINE __attribute__((noinline))
#define HIDDEN __attribute__((visibility("hidden")))
#define NONNULL __attribute__((btf_decl_tag("arg:nonnull")))

char _license[] SEC("license") = "GPL";
int table[16];

#ifdef WRONG
NOINLINE int pick_any(unsigned index) {
  // WRONG: global-function.c:[[#@LINE+1]]:{{[0-9]+}}: error: {{.*}} [V028 map-value-out-of-bounds]
  return table[index];
}
// VERDICTS: index_any: refused: V028 {{.*}} (global function pick_any is checked on its own, with any arguments)
SEC("kprobe/a") int index_any(void *context) { return pick_any(3); }

NOINLINE int follow(int *number) {
  // WRONG: global-function.c:[[#@LINE+1]]:{{[0-9]+}}: error: {{.*}} [V023 possibly-null]
  return *number;
}
// VERDICTS: follow_any: refused: V023
SEC("kprobe/b") int follow_any(void *context) {
  int number = 5;
  return follow(&number);
}
#endif

HIDDEN NOINLINE int pick_hidden(unsigned index) { return table[index]; }
// VERDICTS: index_hidden: accepted
// RIGHT: index_hidden: accepted
SEC("kprobe/c") int index_hidden(void *context) { return pick_hidden(3); }

static NOINLINE int pick_static(unsigned index) { return table[index]; }
// VERDICTS: index_static: accepted
// RIGHT: index_static: accepted
SEC("kprobe/d") int index_static(void *context) { return pick_static(3) + pick_static(4); }

NOINLINE int follow_nonnull(int *number NONNULL) { return *number; }
// VERDICTS: follow_given: accepted
// RIGHT: follow_given: accepted
SEC("kprobe/e") int follow_given(void *context) {
  int number = 5;
  return follow_nonnull(&number);
}
