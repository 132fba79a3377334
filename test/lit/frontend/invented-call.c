// SPDX-License-Identifier: MIT OR Apache-2.0
// A call that the compiler makes of its own accord, and that BPF has nothing for, is explained at its line.
// RUN: not %bpfcc -O2 %s -o %t.o 2>&1 | FileCheck %s --implicit-check-not=error:
// RUN: not %bpfcc -O2 -DWIDE %s -o %t.o 2>&1 | FileCheck %s --check-prefix WIDE
// RUN: %bpfcc -O2 -DMENDED -fno-bpf-verify %s -o %t.o
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct record {
  char text[3000];
};
#ifdef MENDED
#define KEEP_LOOP asm volatile("" ::: "memory")
#else
#define KEEP_LOOP
#endif

SEC("kprobe/f") int f(struct record *from) {
  struct record *a = (void *)bpf_get_current_task();
  for (int i = 0; i < 3000; i++) {
    // CHECK: invented-call.c:[[#@LINE+1]]:{{[0-9]+}}: error: this became a call of 'memset', and BPF has no library: the size is not constant, or too large to be written out; use a bounded loop with asm volatile("" ::: "memory") in its body
    a->text[i] = 0;
    KEEP_LOOP;
  }
  return 0;
}

#ifndef MENDED
SEC("kprobe/g") int g(void *context) {
  struct record *a = (void *)bpf_get_current_task(), *b = (void *)bpf_ktime_get_ns();
  // CHECK: invented-call.c:[[#@LINE+1]]:{{[0-9]+}}: error: this became a call of 'memcpy', and BPF has no library
  *a = *b;
  return 0;
}
#endif

#ifdef WIDE
SEC("kprobe/h") long h(void *context) {
  unsigned __int128 *wide = (void *)bpf_get_current_task();
  // WIDE: invented-call.c:[[#@LINE+1]]:{{[0-9]+}}: error: this became a call of '__udivti3', and BPF has no library: arithmetic of 128 bits has to be done in parts of 64
  return wide[0] / wide[1];
}
#endif
char license[] SEC("license") = "GPL";
