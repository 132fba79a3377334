// SPDX-License-Identifier: MIT OR Apache-2.0
// A read of stack bytes that may not have been written is a warning at its line, once for all programs that
// share the function, and the warning has a name for -Wno- and -Werror=.
// RUN: %bpfcc -O2 -DONE %s -o %t.o 2>&1 | FileCheck %s --check-prefix READ --implicit-check-not=warning:
// RUN: %bpfcc -O2 -DONE -Wno-bpf-uninitialized-stack %s -o %t.o 2>&1 | count 0
// RUN: %bpfcc -O2 -DONE -w %s -o %t.o 2>&1 | count 0
// RUN: rm %t.o && not %bpfcc -O2 -DONE -Werror=bpf-uninitialized-stack %s -o %t.o 2>&1 | FileCheck %s --check-prefix ERROR
// RUN: not %bpfcc -O2 -DONE -Werror %s -o %t.o 2>&1 | FileCheck %s --check-prefix ERROR
// RUN: not ls %t.o
// RUN: %bpfcc -O2 -DONE -Werror=bpf-uninitialized-stack -Wno-bpf-uninitialized-stack %s -o %t.o 2>&1 | count 0
// RUN: %bpfcc -O2 -DJOIN %s -o %t.o 2>&1 | FileCheck %s --check-prefix JOIN --implicit-check-not=warning:
// RUN: not %bpfcc -Wbpf-uninitialized-stacks %s -o %t.o 2>&1 | FileCheck %s --check-prefix NAME
// NAME: unknown warning option '-Wbpf-uninitialized-stacks'
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#ifdef ONE
static __attribute__((noinline)) long value_of(volatile long *place) {
  // READ: uninitialised-stack.c:[[#@LINE+2]]:{{.*}}: warning: 8 bytes of the stack are read; byte 0 of them, counted from 0, may not have been written [-Wbpf-uninitialized-stack]
  // ERROR: uninitialised-stack.c:[[#@LINE+1]]:{{.*}}: error: 8 bytes of the stack are read
  return *place;
}

SEC("kprobe/f") int first(void *ctx) {
  volatile long place;
  return value_of(&place);
}
SEC("kprobe/g") int second(void *ctx) {
  volatile long place;
  return value_of(&place);
}
#endif

#ifdef JOIN
// The path that has written is walked first; the other one ends where both meet.
SEC("kprobe/f") long meet(void *ctx) {
  volatile long place;
  if (bpf_get_prandom_u32() & 1)
    place = 1;
  // JOIN: uninitialised-stack.c:[[#@LINE+1]]:{{.*}}: warning: a path that gets here has not written bytes of the stack that are read later [-Wbpf-uninitialized-stack]
  long time = bpf_ktime_get_ns();
  return place + time;
}
#endif
char license[] SEC("license") = "GPL";
