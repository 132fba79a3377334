/* SPDX-License-Identifier: MIT OR Apache-2.0
 * The records of this kernel's tracepoints, with Linux's names and layouts
 * (include/trace/events/{sched,syscalls}.h, kernel/trace/trace.h), and the types of their raw arguments. C
 * and C++ both read it: in C it gives the BTF its names. */
#ifndef REFKERNEL_LINUX_TRACE_RECORDS_H
#define REFKERNEL_LINUX_TRACE_RECORDS_H

struct trace_entry { /* not seen by programs */
  unsigned short type;
  unsigned char flags, preempt_count;
  int pid;
};

struct trace_event_raw_sys_enter {
  struct trace_entry ent;
  long id;
  unsigned long args[6];
  char __data[];
};
struct trace_event_raw_sys_exit {
  struct trace_entry ent;
  long id, ret;
  char __data[];
};
/* syscalls/sys_enter_NAME and sys_exit_NAME */
struct syscall_trace_enter {
  struct trace_entry ent;
  int nr;
  unsigned long args[];
};
struct syscall_trace_exit {
  struct trace_entry ent;
  int nr;
  long ret;
};
struct trace_event_raw_sched_switch {
  struct trace_entry ent;
  char prev_comm[16];
  int prev_pid, prev_prio;
  long prev_state;
  char next_comm[16];
  int next_pid, next_prio;
  char __data[];
};
struct trace_event_raw_sched_process_fork {
  struct trace_entry ent;
  char parent_comm[16];
  int parent_pid;
  char child_comm[16];
  int child_pid;
  char __data[];
};
struct trace_event_raw_sched_process_template { /* sched_process_exit */
  struct trace_entry ent;
  char comm[16];
  int pid, prio;
  char __data[];
};
struct trace_event_raw_sched_process_exec {
  struct trace_entry ent;
  unsigned int __data_loc_filename; /* where in the record, and in the upper half how long */
  int pid, old_pid;
  char __data[];
};

struct linux_binprm { /* what sched_process_exec tells raw tracepoints of the program */
  const char *filename;
};

#endif
