/* SPDX-License-Identifier: MIT OR Apache-2.0
 * The user side of kernel-variables.bpf.c, through a skeleton of either kind. */
#define _GNU_SOURCE
#include "kernel-variables.skel.h"
#include <sched.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  struct kernel_variables *skeleton = kernel_variables__open();
  if (!skeleton || kernel_variables__load(skeleton) || kernel_variables__attach(skeleton))
    return perror("skeleton"), 1;
  for (int cpu = 0; cpu < 4; cpu++) {
    cpu_set_t only;
    CPU_ZERO(&only);
    CPU_SET(cpu, &only);
    if (sched_setaffinity(0, sizeof(only), &only))
      return perror("sched_setaffinity"), 1;
    syscall(SYS_getppid);
    printf("cpu %d: queue %d number %d current %d running %d\n", cpu, skeleton->bss->queue, skeleton->bss->number,
           skeleton->bss->current, skeleton->bss->running >= 1);
  }
  const int *numbers = skeleton->bss->numbers;
  printf("numbers by CPU: %d %d %d %d, of CPU 4: %s\n", numbers[0], numbers[1], numbers[2], numbers[3],
         numbers[4] == -1 ? "none" : "some");

  /* A sleep is a switch away, and ends with an interrupt of this CPU's clock. */
  const unsigned long switches = skeleton->bss->switches, interrupts = skeleton->bss->interrupts,
                      forks = skeleton->bss->forks;
  nanosleep(&(struct timespec){0, 1000000}, NULL);
  for (int i = 0; i < 2; i++) {
    pid_t child = fork();
    if (child == 0)
      _exit(0);
    waitpid(child, NULL, 0);
  }
  syscall(SYS_getppid);
  printf("switches seen %d, interrupts seen %d, forks %lu\n", skeleton->bss->switches > switches,
         skeleton->bss->interrupts > interrupts, skeleton->bss->forks - forks);
#ifdef LIBBPF
  syscall(SYS_getpid);
  printf("without a type: %d, absent: %lu\n", skeleton->bss->without_type != 0, skeleton->data->absent);
#endif
  kernel_variables__destroy(skeleton);
  return 0;
}
