// SPDX-License-Identifier: MIT OR Apache-2.0
// A user of Debian's libbpf, through the skeleton that bpftool generates.
#include "skeleton.skel.h"
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct report {
  __u32 source, pid;
};
static int seen[4];

static int on_report(void *user, void *data, size_t size) {
  const struct report *report = data;
  if (size == sizeof(*report) && report->pid == (__u32)getpid())
    seen[report->source & 3]++;
  return 0;
}

int main(void) {
  struct skeleton *skeleton = skeleton__open();
  if (!skeleton)
    return perror("open"), 1;
  skeleton->rodata->wanted_pid = (__u32)getpid();
  if (skeleton__load(skeleton))
    return perror("load"), 1;
  if (skeleton__attach(skeleton))
    return perror("attach"), 1;
  struct ring_buffer *ring = ring_buffer__new(bpf_map__fd(skeleton->maps.reports), on_report, NULL, NULL);
  if (!ring)
    return perror("ring_buffer__new"), 1;

  for (int i = 0; i < 5; i++)
    syscall(SYS_getppid);
  for (int i = 0; i < 3; i++)
    syscall(SYS_getuid);
  if (fork() == 0)
    _exit(0);
  wait(NULL);
  while (seen[1] + seen[2] + seen[3] < 9 && ring_buffer__poll(ring, 1000) > 0)
    ;
  printf("kprobe %d, tracepoint %d, raw tracepoint %d\n", seen[1], seen[2], seen[3]);
  printf("variables %llu %llu %llu\n", skeleton->bss->calls[1], skeleton->bss->calls[2],
         skeleton->bss->calls[3]);
  fflush(stdout);
  if (access("/bin/bpftool", X_OK) == 0 && fork() == 0)
    execl("/bin/busybox", "sh", "-c", "bpftool link list; bpftool perf list", NULL);
  wait(NULL);

  skeleton__detach(skeleton);
  syscall(SYS_getppid);
  printf("after detaching %llu\n", skeleton->bss->calls[1]);
  ring_buffer__free(ring);
  skeleton__destroy(skeleton);
  return 0;
}
