// SPDX-License-Identifier: MIT OR Apache-2.0
// Programs of traced functions, for libbpf, where the kernel is not known: arguments are numbers that may be followed, and what
// they may return depends on the section.
// RUN: %clang -target bpf -g -O2 -c %s -o %t.o
// RUN: not %bindir/kbpf-verify %t.o | FileCheck %s
#define SEC(name) __attribute__((section(name), used))
static long (*const probe_read_kernel)(void *, unsigned, const void *) = (void *)113;
char _license[] SEC("license") = "GPL";

// CHECK: copies: accepted
SEC("fentry/f") int copies(unsigned long *arguments) {
  int word = 0;
  probe_read_kernel(&word, sizeof word, (void *)arguments[0]);
  return word ? 0 : 0;
}
// CHECK: follows: accepted {{.*}}, without the kernel's types)
SEC("tp_btf/e") int follows(unsigned long *arguments) { return *(volatile int *)arguments[0]; }
// CHECK: returns_it: refused: V045 {{.*}} the program returns 0 to 0;
SEC("fexit/f") int returns_it(unsigned long *arguments) { return arguments[1]; }
// CHECK: decides: accepted
SEC("fmod_ret/f") int decides(unsigned long *arguments) { return arguments[1]; }
// CHECK: thirteenth: refused: V030
SEC("fentry/g") int thirteenth(unsigned long *arguments) {
  asm volatile("" : : "r"(((volatile unsigned long *)arguments)[12]));
  return 0;
}
