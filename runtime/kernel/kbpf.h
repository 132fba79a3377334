/* SPDX-License-Identifier: MIT OR Apache-2.0
 * What the runtime gives the kernel that hosts it. C ABI; port.h is the other direction. */
#ifndef KBPF_KERNEL_KBPF_H
#define KBPF_KERNEL_KBPF_H
#include "abi/kernel_helper.h"
#include "abi/types.h"
#include <stddef.h>
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif

/* Once, on the boot hart, when the port's functions work. isa: the extensions of every hart, as in the device
 * tree's riscv,isa ("rv64imafdc_zba_zbb"); null: none beyond rv64imac. 0, or negative errno. */
int kbpf_init(const char *isa);

/* The kernel's own BTF, for a kernel that has it: size bytes that live for ever. After kbpf_init, before any
 * process runs. 0, or negative errno. */
int kbpf_set_kernel_btf(const void *bytes, size_t size);

/* A helper of the kernel's own (abi/kernel_helper.h: KBPF_KERNEL_HELPER), which must live for ever. Before
 * any process runs; may come before kbpf_init. Programs call the function from wherever they run, interrupts
 * off where that is a probe: what may be called from "anywhere" in port.h holds for it. 0; -22 (EINVAL): a
 * prototype that the verifier cannot judge; -17 (EEXIST): its number or name is taken; -28 (ENOSPC):
 * KBPF_MAX_KERNEL_HELPERS are there. */
int kbpf_register_helper(const struct kbpf_kernel_helper *helper);

/* The bpf(2) system call. A value of 0 or more, or a negative errno. */
int64_t kbpf_syscall(uint64_t cmd, uint64_t user_attr, uint64_t size);

/* Registers of interrupted kernel code, in the order of Linux's struct pt_regs for riscv64; a kernel whose
 * trap frame has this layout hands it over as it is. */
struct kbpf_regs {
  uint64_t epc;
  uint64_t x[31]; /* x1 .. x31 */
  uint64_t status, badaddr, cause, orig_a0;
};
/* From the trap handler, interrupts off, for a breakpoint exception (cause 3) in kernel mode. Returns 1 where
 * the breakpoint was a probe's (regs are updated, return from the trap), 0 where it was not. The return takes
 * epc and all of x from regs; gp and tp may stay as they are. */
int kbpf_on_breakpoint(struct kbpf_regs *regs);
/* From the trap handler for any other exception in kernel mode: 1 where BPF code expected it (regs are
 * updated, return from the trap), else 0: the fault is the kernel's. Call it first: where the fault came from
 * a probe's copy of an instruction, epc is then that of the original, which the kernel can look up and
 * restart. */
int kbpf_on_fault(struct kbpf_regs *regs);
/* When a thread runs no more: frees its per-thread state (pending return probes, values in maps). Best called
 * by who reaps it, because the thread's last functions may be probed too. id: kbpf_thread.id. */
void kbpf_on_thread_exit(uint64_t id);

/* From the timer interrupt, interrupts off, on the CPU that kbpf_port_timer_arm was called on, when its time
 * has come, and after kbpf_port_cpu_kick: runs the callbacks of programs' timers, and the programs of perf
 * events. regs: what was interrupted, in kernel or in user mode; null: not known, programs of perf events
 * then wait for the next call. A call too early does no harm. */
void kbpf_on_timer(struct kbpf_regs *regs);

/* References of BPF objects behind file descriptors. */
struct kbpf_object;
void kbpf_object_acquire(struct kbpf_object *object);
void kbpf_object_release(struct kbpf_object *object);

/* The lines that Linux shows of an object in /proc/PID/fdinfo, in pieces. */
void kbpf_object_describe(struct kbpf_object *object,
                          void (*write)(void *user, const char *text, size_t size), void *user);

/* mmap(2) on a descriptor, always shared. map: whether size bytes from offset on (whole pages) may be mapped;
 * 0, or negative errno: -524 (the object has no memory to map), -22 (beyond its end), -1 or -13 (that part
 * may not be written). A mapping that is not writable at first never becomes so. For each map that succeeded
 * there is one unmap, with the same arguments, when no process has the mapping any more. page: the kernel
 * address of page number index, counted from offset 0, which stays until unmap; null where there is none. All
 * three from system calls and page faults of a process. */
int kbpf_object_map(struct kbpf_object *object, uint64_t offset, uint64_t size, int writable);
void kbpf_object_unmap(struct kbpf_object *object, uint64_t offset, uint64_t size, int writable);
void *kbpf_object_page(struct kbpf_object *object, uint64_t index);
/* [any] The events that poll(2) reports now: 0x41 (POLLIN, POLLRDNORM), 8 (POLLERR: nothing to wait for). A
 * change is announced by kbpf_port_poll_wake; generation (may be null) counts an object's announcements. */
uint32_t kbpf_object_poll(struct kbpf_object *object, uint32_t *generation);

/* Events of perf_event_open(2): BPF_OUTPUT, a ring that programs write samples into, and what a CPU counts.
 * One of the CPU's clock that has a period also takes samples: runs its program, or writes into its ring. The
 * kernel puts the object behind the descriptor that it returns: kbpf_port_fd_get finds it there, mmap(2) and
 * poll(2) go to it as to other objects, the ioctls ENABLE and DISABLE to enable. 0, or negative errno: -22
 * where sample_type has more than what Linux calls IP, TID, TIME, ADDR, ID, CPU, PERIOD, STREAM_ID, RAW and
 * IDENTIFIER, or a counter is not of one CPU; -95 (EOPNOTSUPP) where the CPU does not count that. */
enum kbpf_event_source { KBPF_EVENT_OUTPUT, KBPF_EVENT_CLOCK, KBPF_EVENT_CYCLES, KBPF_EVENT_INSTRUCTIONS };
struct kbpf_perf_event_attr {
  int32_t cpu;     /* whose programs may write it; -1: any; what counts: that CPU's */
  uint32_t wakeup; /* wakeup_events, or with watermark wakeup_watermark */
  uint64_t sample_type;
  uint8_t watermark, disabled;
  uint8_t source;                                     /* enum kbpf_event_source */
  uint8_t exclude_user, exclude_kernel, exclude_idle; /* where no samples are taken */
  uint32_t type;                                      /* as perf_event_open(2) got it, like config */
  uint64_t config;
  uint64_t period; /* of samples, ns; 0: none */
  uint64_t read_format;
};
int kbpf_perf_event_create(const struct kbpf_perf_event_attr *attr, struct kbpf_object **event);
int kbpf_perf_event_enable(struct kbpf_object *event, int enabled);
/* What read(2) gives of an event, as its read_format says: the number of words; -22 (EINVAL): an event that
 * only runs a program. */
enum { KBPF_PERF_EVENT_WORDS = 6 };
int kbpf_perf_event_read(struct kbpf_object *event, uint64_t words[KBPF_PERF_EVENT_WORDS]);

/* Compiled code of programs, for backtraces and /proc/kallsyms. [any] at: the function whose code has that
 * address, and the line of C there. May wait: next: the function behind the one that *position stands for (0
 * at first), which it advances, without a line. 1, or 0 where there is none. */
struct kbpf_code_place {
  uintptr_t address; /* of the function */
  size_t size;
  char name[128]; /* bpf_prog_TAG_NAME, as on Linux */
  char file[96];  /* its end, where it is longer; empty: not known */
  uint32_t line;
};
int kbpf_code_at(uintptr_t address, struct kbpf_code_place *place);
int kbpf_code_next(uint64_t *position, struct kbpf_code_place *place);

/* Events that the kernel reports (Linux: tracepoints). One static object for each. */
struct kbpf_event {
  const char *system, *name; /* "sched", "sched_switch" */
  uint32_t id;               /* not 0; the config of perf_event_open(2) */
  uint32_t record_size; /* bytes that programs of type tracepoint get, at least 8 and at most 8192; 0: none */
  uint32_t argument_count; /* u64s that programs of type raw_tracepoint get, at most 12; 0: none */
  void *attached;          /* the runtime's, null at first, like the next */
  struct kbpf_event *next;
  uint32_t record_readers; /* [any] how many of those that are attached are of type tracepoint; the runtime's, 0 at first */
};
/* Before any process runs. */
void kbpf_event_register(struct kbpf_event *event);
struct kbpf_event *kbpf_event_first(void); /* of all that are registered, linked by next */
/* [any] How many programs are at events: where it is 0, nothing need be made for kbpf_event_run. */
extern uint32_t kbpf_events_attached;
/* [any] Where the event happens, if event->attached is not null. arguments: argument_count of them; record:
 * its first 8 bytes are the runtime's and not read; may be null where record_readers was 0. */
void kbpf_event_run(struct kbpf_event *event, const uint64_t *arguments, const void *record);

/* perf_event_open(2)'s events that run a program. target: "kprobe$SYMBOL+0xOFFSET",
 * "kprobe$0xADDRESS" or "kretprobe@exit$" with a function, size bytes; id: of a kbpf_event. The kernel puts
 * the object behind the descriptor that it returns; the ioctls ENABLE and DISABLE go to
 * kbpf_perf_event_enable, SET_BPF to set_program. The program runs whether the event is enabled or not, and
 * is detached with the last reference. 0, or negative errno: -2 (ENOENT: no such function or event), -22
 * (EINVAL: no program that fits, no start of an instruction), -17 (EEXIST: it has a program), -76 (ENOTUNIQ),
 * -1 (EPERM: code that may not be probed), ...; the reason is in the kernel's log. */
int kbpf_probe_event_create(const char *target, size_t size, struct kbpf_object **event);
int kbpf_event_create(uint64_t id, struct kbpf_object **event);
int kbpf_perf_event_set_program(struct kbpf_object *event, struct kbpf_object *program);
/* Calls ended(user) when such an event's last reference is gone: from a system call. At most once an event,
 * before anybody else has it. */
void kbpf_probe_event_on_end(struct kbpf_object *event, void (*ended)(void *user), void *user);
/* Whether it is an event of perf_event_open(2) at all, a ring or one that runs a program. */
int kbpf_is_perf_event(const struct kbpf_object *object);

/* The trace ring as a pseudo file: copies up to size bytes that the reader at *position has not had yet
 * (whole lines where they fit), and advances it; 0 where there is nothing new. Lines that were overwritten
 * are skipped and counted. */
size_t kbpf_trace_read(uint64_t *position, char *buffer, size_t size);
int kbpf_trace_pending(uint64_t position);

#ifdef __cplusplus
}
#endif
#endif
