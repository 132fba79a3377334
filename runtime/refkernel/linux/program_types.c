/* SPDX-License-Identifier: MIT OR Apache-2.0
 * No code: the types that BPF programs may name, for the kernel's BTF. First the BPF interface, as the
 * headers of the compiler state it; then what this kernel calls as Linux does. */
#include <vmlinux.h>

#include "refkernel/linux/trace_records.h"
#include "refkernel/sched/task_struct.h"

/* Raw tracepoints' arguments (tp_btf); the first stands for the tracepoint's own data. */
typedef void (*btf_trace_sys_enter)(void *, struct pt_regs *regs, long id);
typedef void (*btf_trace_sys_exit)(void *, struct pt_regs *regs, long ret);
typedef void (*btf_trace_sched_switch)(void *, bool preempt, struct task_struct *prev,
                                       struct task_struct *next, unsigned int prev_state);
typedef void (*btf_trace_sched_process_fork)(void *, struct task_struct *parent, struct task_struct *child);
typedef void (*btf_trace_sched_process_exit)(void *, struct task_struct *p);
typedef void (*btf_trace_sched_process_exec)(void *, struct task_struct *p, pid_t old_pid,
                                             struct linux_binprm *bprm);
