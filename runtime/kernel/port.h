/* SPDX-License-Identifier: MIT OR Apache-2.0
 * What the runtime asks of the kernel that hosts it. C ABI: a C, C++ or Rust kernel defines the kbpf_port_
 * functions and links libkbpf.a. Calls marked [any] must work in any context: interrupts off, inside a probe,
 * on any hart, and neither allocate, sleep nor take a lock that probed code may hold. The others are called
 * from system calls only. */
#ifndef KBPF_KERNEL_PORT_H
#define KBPF_KERNEL_PORT_H
#include "abi/machine.h"
#include "abi/types.h"
#include <stddef.h>
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif

/* Memory. alloc returns null when there is none; free gets the same size and align back. */
void *kbpf_port_alloc(size_t size, size_t align);
void kbpf_port_free(void *memory, size_t size, size_t align);

/* Whole pages of 4096 bytes, mapped read-write at first; protect changes them. Executable pages are within 2
 * GiB of the kernel's text. alloc returns null when there is none. */
enum kbpf_protection { KBPF_PROT_READ_WRITE, KBPF_PROT_READ_ONLY, KBPF_PROT_READ_EXEC };
void *kbpf_port_pages_alloc(size_t pages);
void kbpf_port_pages_free(void *first, size_t pages);
int kbpf_port_pages_protect(void *first, size_t pages,
                            enum kbpf_protection protection); /* 0, or negative errno */
/* Zeroed pages for a ring, always read-write: head_pages, then data_pages, then the same data_pages once
 * more, so that what wraps around lies in a row. null when there is none; free gets the same counts back. */
void *kbpf_port_ring_alloc(size_t head_pages, size_t data_pages);
void kbpf_port_ring_free(void *first, size_t head_pages, size_t data_pages);

/* Writes size (2 or 4) bytes at address, in kernel text or in a page that is KBPF_PROT_READ_EXEC, so that
 * every hart sees either the old or the new instruction, and returns after every hart has synchronised its
 * instruction fetch (fence.i). 0, or negative errno. */
int kbpf_port_text_write(uintptr_t address, const void *bytes, size_t size);
/* Writes any number of bytes at to, in pages that are KBPF_PROT_READ_EXEC, by another way than their own address: they
 * become writable for nobody. What runs elsewhere in those pages goes on; nobody runs what is written yet. 0, or
 * negative errno. The runtime calls kbpf_port_sync_icache afterwards. */
int kbpf_port_code_write(void *to, const void *from, size_t size);
/* fence.i on every hart, after code was written by other means. */
void kbpf_port_sync_icache(void);

/* User memory of the calling process; 0, or -14 (EFAULT) where any byte is not accessible. */
int kbpf_port_copy_from_user(void *to, uint64_t user_from, size_t size);
int kbpf_port_copy_to_user(uint64_t user_to, const void *from, size_t size);
/* [any] Copies kernel memory that may not be mapped, faults included; 0, or -14. */
int kbpf_port_read_kernel(void *to, uint64_t from, size_t size);
/* [any] The same for memory of the current process. A page that is not present is not fetched: -14. */
int kbpf_port_read_user(void *to, uint64_t user_from, size_t size);
/* [any] To memory of the current process; -14 where a page is not present or not writable now (the bytes
 * before it may be written), -1 for a kernel thread. */
int kbpf_port_write_user(uint64_t user_to, const void *from, size_t size);

/* [any] */
uint64_t kbpf_port_time_ns(void);     /* monotonic, since boot */
uint64_t kbpf_port_realtime_ns(void); /* since 1970; 0: not known */
uint32_t kbpf_port_random_u32(void);
/* Interrupts off. From now on kbpf_on_timer is to be called on this CPU once, soon after that time (of
 * kbpf_port_time_ns); UINT64_MAX: it need not be. Takes the place of what was said before. */
void kbpf_port_timer_arm(uint64_t deadline_ns);
/* From system calls. kbpf_on_timer is to be called on that CPU, soon. */
void kbpf_port_cpu_kick(uint32_t cpu);
/* [any] What this CPU has counted, in any unit's whole numbers since any time. 0; -95 (EOPNOTSUPP): it does
 * not count that. */
enum kbpf_counter { KBPF_COUNTER_CYCLES, KBPF_COUNTER_INSTRUCTIONS };
int kbpf_port_counter(enum kbpf_counter counter, uint64_t *value);
uint32_t kbpf_port_cpu(void); /* below kbpf_port_cpu_count(); stable while interrupts are off */
uint32_t kbpf_port_cpu_count(void);

/* What machine code may find out without a call; lives for ever. Null: nothing. Asked once, by kbpf_init. */
const struct kbpf_machine *kbpf_port_machine(void);

/* [any] The thread that runs here (the seeds' ThreadLike). */
struct kbpf_thread {
  uint32_t pid, tid, uid, gid;
  char name[16]; /* terminated */
  uint64_t
      id; /* keys per-thread state; never reused while the kernel runs; 0: no thread, such as early boot */
  uint64_t object; /* address of the kernel's own structure of the thread */
};
void kbpf_port_current(struct kbpf_thread *thread);
uint64_t kbpf_port_thread_id(void); /* [any] its id alone */
/* [any] The number (id) of the thread whose structure is at that address (object); 0: it has ended, or there
 * is none. The address may be any number. When a thread ends, that is 0 before kbpf_on_thread_exit is called.
 */
uint64_t kbpf_port_task_id(uint64_t object);
/* The address of the structure (object) of the first thread of the process that the calling process's
 * descriptor stands for (Linux: pidfd). 0; -9 (EBADF): it is no such descriptor, also in a kernel without
 * any; -2 (ENOENT): the process is gone. */
int kbpf_port_pidfd_task(int fd, uint64_t *object);
/* [any] Where the thread whose structure is at that address (object, any number) stopped: its program counter
 * in the kernel and its frame pointer there. 0; -2 (ENOENT): it has ended, or there is none; -11 (EAGAIN): it
 * runs. */
int kbpf_port_task_stopped(uint64_t object, uint64_t *pc, uint64_t *fp);
/* [any] Calls visit once with the address of the kernel's structure (Linux: struct vm_area_struct) of the
 * part of that thread's memory that has address. 0; -2 (ENOENT): there is none, or the thread has no memory;
 * -16 (EBUSY): its memory is being changed. A kernel without says ENOENT. */
int kbpf_port_find_area(uint64_t object, uint64_t address, void (*visit)(void *user, uint64_t area),
                        void *user);
/* [any] The file (stat's device and inode) by which the current process's namespace of process numbers is
 * known. 0; -2 (ENOENT): there is no such file. */
int kbpf_port_pid_namespace(uint64_t *device, uint64_t *inode);
/* [any] The registers with which that thread entered the kernel from user mode; null for a kernel thread. */
struct kbpf_regs;
const struct kbpf_regs *kbpf_port_user_regs(void);
/* [any] Sends a signal (Linux's number) to the current process, or to the current thread alone; soon is
 * enough. 0, or negative errno: -22 (no such signal), -1 (a kernel thread), -16 (too many wait to be sent).
 */
int kbpf_port_send_signal(uint32_t signal, int thread_only);
/* [any] Whether the calling process has that capability (Linux's number): called from system calls. The
 * runtime asks for each of these; who has CAP_SYS_ADMIN needs no other. A kernel without capabilities says
 * whether the process is privileged. */
enum kbpf_capability {
  KBPF_CAP_NET_ADMIN = 12,
  KBPF_CAP_SYS_ADMIN = 21,
  KBPF_CAP_PERFMON = 38,
  KBPF_CAP_BPF = 39
};
int kbpf_port_capable(uint32_t capability);

/* Accounts of what users' objects take of the kernel's memory. charge: the calling process's user pays for
 * bytes; 0, with the number of the account, or -12 (ENOMEM) where that is beyond its limit. uncharge may come
 * from another process's system call. A kernel that limits nobody returns 0 and ignores the rest. */
int kbpf_port_memory_charge(uint64_t bytes, uint64_t *account);
void kbpf_port_memory_uncharge(uint64_t account, uint64_t bytes);

/* [any] Interrupts of this hart: off, giving back what restore needs. Probes run with them off. */
uintptr_t kbpf_port_irq_save(void);
void kbpf_port_irq_restore(uintptr_t state);
/* Lets other harts and threads go on while a system call waits for a condition. */
void kbpf_port_relax(void);

/* [any] Symbols of the kernel's text. lookup calls visit for each function whose raw name, demangled name,
 * demangled name without parameter list, or alias equals name; visit returns non-zero to stop. at: the
 * function that contains address, 0 or -2 (ENOENT). Names live for ever. */
struct kbpf_symbol {
  uintptr_t address;
  size_t size;
  const char *name;      /* raw */
  const char *demangled; /* equals name where there is nothing to demangle */
};
typedef int (*kbpf_symbol_visitor)(void *user, const struct kbpf_symbol *symbol);
void kbpf_port_symbol_lookup(const char *name, size_t length, kbpf_symbol_visitor visit, void *user);
int kbpf_port_symbol_at(uintptr_t address, struct kbpf_symbol *symbol);
/* [any] Variables of the kernel that its BTF describes (VAR). variable: the address of the one of that name, which lives
 * for ever; of one that each CPU has (in the BTF's section ".data..percpu") the address that cpu_variable takes; 0: there
 * is none. cpu_variable: where the copy of that CPU, below kbpf_port_cpu_count(), is. A kernel without such BTF
 * says 0 and null. */
uintptr_t kbpf_port_variable(const char *name, size_t length);
void *kbpf_port_cpu_variable(uintptr_t variable, uint32_t cpu);
/* [any] Whether a probe may be put there: not in the code that handles probes (all of libkbpf.a: a linker
 * script names its sections by *libkbpf.a:), traps or text patching, nor in what those call. */
int kbpf_port_may_probe(uintptr_t address);
/* How many bytes right before the function's entry belong to nobody and never run, so that the runtime may put
 * code there for good (-fpatchable-function-entry=4,4 makes 8 of compressed instructions): with 8 or more, probes at
 * the entry need no trap. 0 where it is not known. */
size_t kbpf_port_entry_room(uintptr_t function);
/* Whether programs may return from the function at that address in its place, with any value
 * (bpf_override_return): who calls it must bear that. */
int kbpf_port_may_override(uintptr_t function);

/* File descriptors of the calling process. The runtime hands over one reference of object at install, and
 * gets it back through kbpf_object_release when the last descriptor is gone. flags: KBPF_FD_*; where
 * KBPF_FD_NO_READ or NO_WRITE is among them, the descriptor is as one that was opened O_WRONLY or O_RDONLY: mmap(2)
 * on it asks for no such access. get stores the object behind fd, with a reference of the runtime's own
 * (kbpf_object_acquire), and returns those two flags as they were at install; -9 (EBADF) where fd is not open,
 * -22 (EINVAL) where it is no BPF object. */
struct kbpf_object;
enum { KBPF_FD_CLOSE_ON_EXEC = 1, KBPF_FD_NO_READ = 2, KBPF_FD_NO_WRITE = 4 };
int kbpf_port_fd_install(struct kbpf_object *object, const char *kind, int flags); /* fd, or negative errno */
int kbpf_port_fd_get(int fd, struct kbpf_object **object);
/* The same without a reference, where the descriptor is sure to stay until the end of this system call, such
 * as that of a process with one thread; -11 (EAGAIN) where it is not. */
int kbpf_port_fd_peek(int fd, struct kbpf_object **object);

/* The same of another process: -2 (ENOENT) where there is none with that pid. */
int kbpf_port_task_fd_get(uint32_t pid, int fd, struct kbpf_object **object);

/* Names of BPF objects in the bpf file system. user_path is a string of the calling process, relative to
 * dir_fd (-100: its working directory). bind keeps a reference of object for as long as the name is there;
 * open stores the object with a reference of the runtime's own; the caller needs leave to read and write the name,
 * but for what access has (KBPF_FD_NO_READ or NO_WRITE). 0, or what a Linux file system answers:
 * -2 (ENOENT), -17 (EEXIST), -1 (EPERM: not in a bpf file system), -13 (EACCES: no such object), ... */
int kbpf_port_path_bind(int dir_fd, uint64_t user_path, struct kbpf_object *object);
int kbpf_port_path_open(int dir_fd, uint64_t user_path, int access, struct kbpf_object **object);

/* The kernel's log: one line at information level, without a newline; what the runtime did with a program. */
void kbpf_port_log(const char *line, size_t size);
/* [any] The console: what programs print, as it is and before this returns. */
void kbpf_port_console_write(const char *text, size_t size);
/* [any] New text is in the trace ring: wakes the readers of its pseudo file. Must not take a lock that probed
 * code may hold; deferring to the next timer tick is fine. */
void kbpf_port_trace_wake(void);
/* [any] What kbpf_object_poll says of an object has changed: wakes those who wait for it. As trace_wake. */
void kbpf_port_poll_wake(void);
/* [any] Stops the kernel; does not return. */
void kbpf_port_panic(const char *text) __attribute__((noreturn));

#ifdef __cplusplus
}
#endif
#endif
