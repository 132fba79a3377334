// SPDX-License-Identifier: MIT OR Apache-2.0
// What variables of the kernel say to a program: of this CPU, of each, and of the whole kernel.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

extern const struct rq runqueues __ksym;
extern const struct kernel_stat kstat __ksym;
extern const int cpu_number __ksym;
extern const unsigned long total_forks __ksym;

int queue, number, current, running, numbers[5];
unsigned long switches, interrupts, forks;

SEC("kprobe/sys_getppid")
int on_getppid(void *context) {
  const struct rq *own = bpf_this_cpu_ptr(&runqueues);
  queue = own->cpu;
  current = own->curr->pid == (int)bpf_get_current_pid_tgid() && own->idle->pid == 0;
  running = own->nr_running;
  switches = own->nr_switches;
  number = *(const int *)bpf_this_cpu_ptr(&cpu_number);
  interrupts = ((const struct kernel_stat *)bpf_this_cpu_ptr(&kstat))->irqs_sum;
  forks = total_forks;
  for (int cpu = 0; cpu < 5; cpu++) {
    const int *of_cpu = bpf_per_cpu_ptr(&cpu_number, cpu);
    numbers[cpu] = of_cpu ? *of_cpu : -1;
  }
  return 0;
}

#ifdef LIBBPF
extern const void kernel_satp __ksym, no_such_variable __ksym __weak;
unsigned long without_type, absent = 1;

SEC("kprobe/sys_getpid")
int on_getpid(void *context) {
  bpf_probe_read_kernel(&without_type, sizeof(without_type), &kernel_satp);
  absent = (unsigned long)&no_such_variable;
  return 0;
}
#endif
