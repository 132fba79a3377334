/* SPDX-License-Identifier: MIT OR Apache-2.0
 * What each hart has of its own and BPF programs may read (extern ... __ksym): Linux's names for what this kernel
 * has of them. Zero at first. The linker puts hart 0's variables in a row, and room for the other harts' copies behind
 * them (kernel.ld). C and C++ both read this: in C it gives the BTF its names. */
#ifndef REFKERNEL_SCHED_PER_CPU_H
#define REFKERNEL_SCHED_PER_CPU_H

struct task_struct;

/* Threads of a hart. */
struct rq {
  unsigned int nr_running; /* that run on it or wait for their turn; its idle thread does not count */
  int cpu;
  unsigned long long nr_switches; /* from one thread to another */
  struct task_struct *curr, *idle;
};

struct kernel_stat {
  unsigned long irqs_sum; /* interrupts that it took */
};

#ifdef __cplusplus
#include <cstdint>

extern "C" {
extern rq runqueues;
extern kernel_stat kstat;
extern int cpu_number;
extern char percpu_start[], percpu_end[];
}

namespace refkernel {

// A hart's own copy of one of the variables above.
template <typename T> T &on_hart(T &variable, uint32_t hart) {
  return *reinterpret_cast<T *>(reinterpret_cast<uintptr_t>(&variable) +
                                hart * static_cast<uintptr_t>(percpu_end - percpu_start));
}

} // namespace refkernel
#endif
#endif
