// SPDX-License-Identifier: MIT OR Apache-2.0
// A kernel adds helpers; its exported profile is all that bpfcc needs to compile a program that calls them by name, with
// the declarations of the usual header or with its own. The program runs in that kernel and not in another.
// RUN: %bindir/kbpf-export-profile %bindir/embedder --no-functions --name=mykernel -o %t.profile
// RUN: FileCheck %s --check-prefix=PROFILE --input-file=%t.profile
// RUN: %bpfcc --kernel=%t.profile %s -o %t.o
// RUN: %bindir/embedder %t.o hashes | FileCheck %s
// RUN: %bpfcc --kernel=%t.profile -DEXTERN %s -o %t.extern.o
// RUN: %bindir/embedder %t.extern.o hashes | FileCheck %s
// RUN: %bpfcc --kernel=%bindir/embedder -Wno-kprobe-target %s -o %t.elf.o && cmp %t.elf.o %t.o
// RUN: %bpfcc --dump --kernel=%t.profile %t.o | FileCheck %s --check-prefix=DUMP
// RUN: not %bpfcc -DEXTERN %s -o %t.other.o 2>&1 | FileCheck %s --check-prefix=OTHER
// PROFILE: kbpf-profile 1
// PROFILE-NEXT: name "mykernel"
// PROFILE-NEXT: objects kbpf
// PROFILE: helper 1048576 mykernel_hash integer mem_read,size,any_scalar any - - 1 "__u32 mykernel_hash(const void *data, __u32 size, __u32 seed)" "a hash of data"
// PROFILE: helper 1048577 mykernel_name sized_integer mem_write,size any gpl_only - 1
#ifdef EXTERN
#define SEC(name) __attribute__((section(name), used))
extern unsigned mykernel_hash(const void *data, unsigned size, unsigned seed);
extern long mykernel_name(void *buffer, unsigned size);
#else
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#endif
char LICENSE[] SEC("license") = "GPL";
SEC("syscall") int hashes(char *buffer) {
  char name[16];
  long length = mykernel_name(name, sizeof name);
  if (length < 0)
    return 0;
  *(unsigned long long *)buffer = *(unsigned long long *)name;
// DUMP: call 1048577 -> mykernel_name
// DUMP: call 1048576 -> mykernel_hash
// DUMP: helpers: mykernel_hash mykernel_name
// OTHER: [[@LINE+1]]:10: error: undefined function 'mykernel_hash': neither in this file nor a helper of profile 'kbpf'
  return mykernel_hash("bpf", 3, length);
}
// FNV-1a of "bpf" with 8 in the start.
// CHECK: returned 3687276739, buffer "mykernel"
