/* SPDX-License-Identifier: MIT OR Apache-2.0
 * No code: the types that BPF programs may name, for the kernel's BTF. First the BPF interface, as the
 * headers of the compiler state it; then what this kernel calls as Linux does. */
#include <vmlinux.h>

#include <kbpf/linux_syscall.h>

#include "refkernel/linux/trace_records.h"
#include "refkernel/mm/vm_area_struct.h"
#include "refkernel/sched/per_cpu.h"
#include "refkernel/sched/task_struct.h"

/* What arguments of system calls are called (syscall_arguments.def), for tools that read the formats of events. */
typedef int clockid_t;
typedef long off_t;
typedef struct {
  unsigned long sig[1];
} sigset_t;
typedef struct siginfo siginfo_t;
typedef struct {
  unsigned long fds_bits[16];
} fd_set;

/* Raw tracepoints' arguments (tp_btf); the first stands for the tracepoint's own data. */
#define REFKERNEL_EVENT(system, name, number, record, text, ...)                                             \
  typedef void (*btf_trace_##name)(void *, __VA_ARGS__);
#include "refkernel/linux/trace_events.def"
