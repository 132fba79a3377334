// SPDX-License-Identifier: MIT OR Apache-2.0
// What the kernel's task_struct says of the thread that makes a call, and of one that ends. The functions are named
// as the kernel's BTF names them.
#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

int pid, tgid, parent, leader, uid, flags, exited_pid, exit_code, has_comm, has_nothing;
char comm[16], parent_comm[16];

SEC("kprobe/sys_getppid")
int on_getppid(void *context) {
  struct task_struct *task = (struct task_struct *)bpf_get_current_task();
  pid = BPF_CORE_READ(task, pid);
  tgid = BPF_CORE_READ(task, tgid);
  parent = BPF_CORE_READ(task, real_parent, tgid);
  leader = BPF_CORE_READ(task, group_leader, pid);
  uid = BPF_CORE_READ(task, cred, euid.val);
  flags = BPF_CORE_READ(task, flags);
  bpf_core_read_str(comm, sizeof(comm), &task->comm);
  BPF_CORE_READ_STR_INTO(&parent_comm, task, real_parent, comm);
  has_comm = bpf_core_field_exists(task->comm);
  return 0;
}

struct task_struct___old { // what no kernel has
  int nothing;
} __attribute__((preserve_access_index));

SEC("kprobe/remove_task")
int on_exit(void *context) {
  struct task_struct *task = (struct task_struct *)bpf_get_current_task();
  if (!(BPF_CORE_READ(task, flags) & PF_EXITING))
    return 0;
  int ended = BPF_CORE_READ(task, pid);
  if (ended != BPF_CORE_READ(task, tgid))
    return 0; // a thread that was joined may end behind its process's first one
  exited_pid = ended;
  exit_code = BPF_CORE_READ(task, exit_code);
  has_nothing = bpf_core_field_exists(((struct task_struct___old *)task)->nothing);
  return 0;
}
