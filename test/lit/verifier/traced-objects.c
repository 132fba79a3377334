// SPDX-License-Identifier: MIT OR Apache-2.0
// Programs of traced functions, for libbpf, by a kernel's types: which arguments there are, and what they point to.
// RUN: %clang -target bpf -g -O2 -c %s -o %t.o
// RUN: not %bindir/kbpf-verify --kernel-btf %source/test/oracle/linux_types.btf %t.o > %t.out
// RUN: FileCheck --implicit-check-not="without the kernel" %s < %t.out
// RUN: not %bindir/kbpf-verify --json --kernel-btf %source/test/oracle/linux_types.btf %t.o | FileCheck --check-prefix JSON %s
// RUN: %bindir/kbpf-verify --json --prog reads_pid %t.o | FileCheck --check-prefix UNKNOWN %s
// JSON-NOT: without_kernel_types
// UNKNOWN: "program": "reads_pid", "accepted": true{{.*}}"without_kernel_types": true
#define SEC(name) __attribute__((section(name), used))
struct task_struct {
  int pid;
} __attribute__((preserve_access_index));
static struct task_struct *(*const current_task)(void) = (void *)158;
char _license[] SEC("license") = "GPL";

// CHECK: reads_pid: accepted
SEC("tp_btf/sched_switch") int reads_pid(unsigned long *arguments) { return ((struct task_struct *)arguments[1])->pid; }
// CHECK: third: refused: V030 {{.*}} vfs_read has no argument at offset 32: they take 32 bytes
SEC("fentry/vfs_read") int third(unsigned long *arguments) { ((volatile unsigned long *)arguments)[4]; return 0; }
// CHECK: writes: refused: V057 {{.*}} r{{[0-9]}} points to a struct task_struct: it may only be read
SEC("kprobe/f") int writes(void *context) {
  current_task()->pid = 1;
  return 0;
}
// CHECK: far: refused: V057 {{.*}} offset 65536: behind the end of struct task_struct
SEC("kprobe/f") int far(void *context) { return ((volatile char *)current_task())[65536]; }
