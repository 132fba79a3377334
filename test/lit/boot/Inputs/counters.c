/* SPDX-License-Identifier: MIT OR Apache-2.0
 * The user side of counters.bpf.c, through Debian's libbpf. */
#include "counters.skel.h"
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static int open_event(unsigned type, unsigned long long config, unsigned long long frequency, int pid, int cpu) {
  struct perf_event_attr attr = {
      .type = type, .size = sizeof(attr), .config = config, .sample_freq = frequency, .freq = frequency != 0};
  int fd = (int)syscall(SYS_perf_event_open, &attr, pid, cpu, -1, PERF_FLAG_FD_CLOEXEC);
  return fd < 0 ? -errno : fd;
}

static void work(long milliseconds) {
  struct timespec start, now;
  clock_gettime(CLOCK_MONOTONIC, &start);
  do
    clock_gettime(CLOCK_MONOTONIC, &now);
  while ((now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / 1000000 < milliseconds);
}

/* Whether one of the addresses is in a function whose name has that part. */
static int passes_through(const unsigned long long *addresses, long count, const char *part) {
  char line[1024], symbol[900], best_name[32][900] = {};
  unsigned long long at, best[32] = {};
  FILE *symbols = fopen("/proc/kallsyms", "r");
  while (symbols && fgets(line, sizeof(line), symbols)) {
    if (sscanf(line, "%llx %*c %899s", &at, symbol) != 2)
      continue;
    for (long i = 0; i < count; i++)
      if (at <= addresses[i] && at >= best[i]) {
        best[i] = at;
        strcpy(best_name[i], symbol);
      }
  }
  if (symbols)
    fclose(symbols);
  for (long i = 0; i < count; i++)
    if (strstr(best_name[i], part))
      return 1;
  return 0;
}

int main(void) {
  const int cpus = (int)sysconf(_SC_NPROCESSORS_ONLN);
  struct counters_bpf *skeleton = counters_bpf__open_and_load();
  if (!skeleton)
    return perror("load"), 1;
  struct stat namespace;
  stat("/proc/self/ns/pid", &namespace);
  char link[64] = "";
  if (readlink("/proc/self/ns/pid", link, sizeof(link) - 1) < 0)
    return perror("readlink"), 1;
  printf("namespace: %d\n", strcmp(link, "pid:[4026531836]") == 0 && namespace.st_ino == 4026531836);
  int in_data = 0;
  skeleton->bss->wanted = getpid();
  skeleton->bss->address = (unsigned long)&in_data;
  skeleton->bss->device = namespace.st_dev;
  skeleton->bss->inode = namespace.st_ino;

  /* What cannot be had. */
  printf("refused: %d %d %d\n", open_event(PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES, 0, 0, -1),
         open_event(PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES, 99, -1, 0),
         open_event(PERF_TYPE_HARDWARE, PERF_COUNT_HW_CACHE_MISSES, 0, -1, 0));

  int events[8];
  for (int cpu = 0; cpu < cpus; cpu++) {
    events[cpu] = open_event(PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES, 0, -1, cpu);
    if (events[cpu] < 0 || bpf_map_update_elem(bpf_map__fd(skeleton->maps.cycles), &cpu, &events[cpu], 0))
      return printf("counter %d: %d\n", cpu, events[cpu]), 1;
  }
  unsigned long long first = 0, second = 0;
  if (read(events[0], &first, sizeof(first)) != sizeof(first))
    return perror("read"), 1;
  work(5);
  if (read(events[0], &second, sizeof(second)) != sizeof(second))
    return perror("read"), 1;
  printf("counts on: %d\n", second > first);

  struct bpf_link *traced = bpf_program__attach(skeleton->progs.on_getppid);
  if (!traced)
    return perror("attach"), 1;
  syscall(SYS_getppid);
  const typeof(skeleton->bss->seen) *seen = &skeleton->bss->seen;
  printf("cycles: %ld %d\n", seen->read, seen->counter > 0);
  printf("memory: %ld, %ld, %ld; %d %#llx %lld\n", seen->found, seen->missed, seen->flagged,
         seen->start <= skeleton->bss->address && skeleton->bss->address < seen->end, seen->flags, seen->same_task);
  printf("numbers: %ld, %ld; %d %d\n", seen->numbers, seen->other_numbers, seen->thread == syscall(SYS_gettid),
         seen->process == getpid());
  printf("stacks: %d %d, of the parent: %d, %ld\n", seen->own_stack >= 16, seen->user_stack >= 8,
         passes_through(seen->parent, seen->parent_stack / 8, "wait4"), seen->parent_user_stack);

  struct bpf_link *samples[8];
  for (int cpu = 0; cpu < cpus; cpu++) {
    int fd = open_event(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK, 1000, -1, cpu);
    samples[cpu] = fd < 0 ? NULL : bpf_program__attach_perf_event(skeleton->progs.on_sample, fd);
    if (!samples[cpu])
      return printf("sampling %d: %d\n", cpu, fd), 1;
  }
  const typeof(skeleton->bss->sampled) *sampled = &skeleton->bss->sampled;
  while (sampled->in_user < 5 || sampled->in_kernel < 1)
    work(10);
  for (int cpu = 0; cpu < cpus; cpu++)
    bpf_link__destroy(samples[cpu]);
  long before = sampled->samples;
  work(20);
  printf("samples: %d, stopped: %d\n", sampled->samples >= sampled->of_wanted, sampled->samples == before);
  printf("event: %ld %d %d %lld\n", sampled->read, sampled->counter > 0, sampled->enabled > 0, sampled->period);
  printf("branches: %ld, %ld\n", sampled->branches, sampled->own_branches);
  printf("stacks: %d %d\n", sampled->user_stack >= 8, sampled->kernel_stack >= 16);
  counters_bpf__destroy(skeleton);
  return 0;
}
