// SPDX-License-Identifier: MIT OR Apache-2.0
// Programs of sections that end in .s may sleep, as those of type syscall; others may not.
// RUN: %clang -target bpf -g -O2 -c %s -o %t.o
// RUN: not %bindir/kbpf-verify %t.o | FileCheck %s
#define SEC(name) __attribute__((section(name), used))
static long (*const copy_from_user)(void *, unsigned, const void *) = (void *)148;
char _license[] SEC("license") = "GPL";

// CHECK: may_sleep: accepted
SEC("uprobe.s/f") int may_sleep(void *context) {
  long word = 0;
  return copy_from_user(&word, sizeof word, 0) + word;
}
// CHECK: may_not_sleep: refused: V041 {{.*}} may sleep, and the program may not
SEC("uprobe/f") int may_not_sleep(void *context) {
  long word = 0;
  return copy_from_user(&word, sizeof word, 0) + word;
}
// CHECK: called: accepted
SEC("syscall") int called(void *context) {
  long word = 0;
  return copy_from_user(&word, sizeof word, 0) + word;
}
// CHECK: session: refused: V045 {{.*}} the program returns 0 to 1; r0 may be 2 to 2
SEC("kprobe.session/f") int session(void *context) { return 2; }
