// SPDX-License-Identifier: MIT OR Apache-2.0
// BPF_KSYSCALL reads a system call's arguments either way that Linux passes them; the loader fills in which.
// RUN: %bpfcc --abi=linux %s -o %t.o
// RUN: llvm-readelf -s %t.o | FileCheck %s
// CHECK: NOTYPE GLOBAL DEFAULT UND LINUX_HAS_SYSCALL_WRAPPER
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
long last;
SEC("ksyscall/kill") int BPF_KSYSCALL(on_kill, int pid, int sig) {
  last = pid + sig;
  return 0;
}
char LICENSE[] SEC("license") = "GPL";
