/* SPDX-License-Identifier: MIT OR Apache-2.0
 * The user side of task-storage.bpf.c: values of this process, of a child and of nobody, by pidfd. With LIBBPF through
 * Debian's libbpf, else through this project's library. */
#include "task-storage.skel.h"
#ifdef LIBBPF
#include <bpf/bpf.h>
#endif
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int map;
static long value_of(int pidfd) {
  unsigned long long value = 0;
  return bpf_map_lookup_elem(map, &pidfd, &value) ? -errno : (long)value;
}
static void call(int times) {
  while (times--)
    syscall(SYS_getppid);
}
static int is_ended(int pidfd) {
  struct pollfd wanted = {.fd = pidfd, .events = POLLIN};
  return poll(&wanted, 1, 0);
}

int main(void) {
  struct task_storage *skeleton = task_storage__open_and_load();
  if (!skeleton || task_storage__attach(skeleton))
    return perror("load or attach"), 1;
  map = bpf_map__fd(skeleton->maps.calls);
  int self = (int)syscall(SYS_pidfd_open, getpid(), 0);
  printf("before: %ld\n", value_of(self));
  call(3);
  int ready[2], go[2];
  if (pipe(ready) || pipe(go))
    return perror("pipe"), 1;
  pid_t child = fork();
  if (child == 0) {
    char byte = 0;
    call(5);
    if (write(ready[1], &byte, 1) != 1 || read(go[0], &byte, 1) != 1)
      _exit(1);
    _exit(0);
  }
  char byte = 0;
  if (read(ready[0], &byte, 1) != 1)
    return perror("read"), 1;
  int other = (int)syscall(SYS_pidfd_open, child, 0);
  printf("self %ld, child %ld, ended %d\n", value_of(self), value_of(other), is_ended(other));
  if (write(go[1], &byte, 1) != 1)
    return perror("write"), 1;
  struct pollfd wanted = {.fd = other, .events = POLLIN};
  poll(&wanted, 1, -1);
  int status;
  waitpid(child, &status, 0);
  printf("afterwards: %ld, ended %d\n", value_of(other), is_ended(other));
  unsigned long long set = 100;
  bpf_map_update_elem(map, &self, &set, 0);
  call(1);
  printf("set: %ld\n", value_of(self));
  syscall(SYS_getsid, 4242);
  skeleton->data->creates = 0;
  call(1);
  printf("deleted: %ld, of no process: %ld\n", value_of(self), value_of(ready[0]));
  task_storage__destroy(skeleton);
  return 0;
}
