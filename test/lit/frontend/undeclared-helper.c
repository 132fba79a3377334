// SPDX-License-Identifier: MIT OR Apache-2.0
// A function that nothing declares: the helper that was meant, or that there is no library. The same from the preamble
// cache and as JSON.
// RUN: not %bpfcc %s -o %t.o 2>&1 | FileCheck %s --implicit-check-not=error: --implicit-check-not='include the header'
// RUN: not %bpfcc %s -o %t.o 2>&1 | FileCheck %s --implicit-check-not=error:
// RUN: not %bpfcc --diagnostics-format=json %s -o %t.o 2>&1 | FileCheck %s --check-prefix=JSON
// RUN: echo 'void f(void) { bpf_ktime_get_ns(); }' | not %bpfcc -fsyntax-only - 2>&1 | FileCheck %s --check-prefix=HEADER
// HEADER: error: call to undeclared function 'bpf_ktime_get_ns'; {{.*}}; <bpf/bpf_helpers.h> declares it
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
SEC("kprobe/f") int first(void *ctx) {
  // JSON: call to undeclared function 'bpf_get_curent_pid_tgid'{{.*}}; did you mean 'bpf_get_current_pid_tgid'?
  // CHECK: [[#@LINE+1]]:3: error: call to undeclared function 'bpf_get_curent_pid_tgid'{{.*}}; did you mean 'bpf_get_current_pid_tgid'?
  bpf_get_curent_pid_tgid();
  // CHECK: [[#@LINE+1]]:3: error: call to undeclared function 'get_current_comm'{{.*}}; did you mean 'bpf_get_current_comm'?
  get_current_comm();
  // CHECK: [[#@LINE+1]]:3: error: call to undeclared library function 'printf'{{.*}}; did you mean 'bpf_printk'?
  printf("x");
  // CHECK: [[#@LINE+1]]:3: error: call to undeclared library function 'malloc'{{.*}}; BPF has no C library
  malloc(1);
  // CHECK: [[#@LINE+1]]:3: error: call to undeclared function 'own'{{[^;]*}}; {{[^;]*$}}
  own();
  return 0;
}
