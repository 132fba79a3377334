/* SPDX-License-Identifier: MIT OR Apache-2.0
 * A thread as BPF programs know it: Linux's names for what this kernel has of them (its order is this
 * kernel's own; CO-RE finds the members by the kernel's BTF). C and C++ both read it: in C it gives the BTF
 * its names. */
#ifndef REFKERNEL_SCHED_TASK_STRUCT_H
#define REFKERNEL_SCHED_TASK_STRUCT_H

typedef struct {
  unsigned int val;
} kuid_t;
typedef struct {
  unsigned int val;
} kgid_t;

typedef struct {
  unsigned long long val; /* a bit for each capability */
} kernel_cap_t;

/* A process's numbers of users and groups and its capabilities, one set for all its threads. */
struct cred {
  kuid_t uid;
  kuid_t euid;
  kuid_t suid;
  kgid_t gid;
  kgid_t egid;
  kgid_t sgid;
  kernel_cap_t cap_inheritable;
  kernel_cap_t cap_permitted;
  kernel_cap_t cap_effective;
  kernel_cap_t cap_bset;
  kernel_cap_t cap_ambient;
};

/* flags */
enum { PF_EXITING = 0x4, PF_KTHREAD = 0x200000 };

struct task_struct {
  int pid, tgid; /* the thread's number, and its process's, one word; a kernel thread's are 0 */
  unsigned int flags;
  struct task_struct *real_parent;   /* the first thread of the process that hears of this one's end */
  struct task_struct *parent;        /* the same: there is no ptrace */
  struct task_struct *group_leader;  /* the first thread of its process */
  unsigned long long start_time;     /* ns since boot */
  unsigned long long start_boottime; /* the same */
  const struct cred *real_cred, *cred;
  int exit_code; /* as wait4 tells it; from the start of its end on */
  int exit_signal;
  char comm[16]; /* terminated */
};

#endif
