/* SPDX-License-Identifier: MIT OR Apache-2.0
 * The user side of core-task.bpf.c, through a skeleton of either kind: what programs read of threads is what these
 * know of themselves. */
#include "core-task.skel.h"
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static struct core_task *skeleton;

static void compare(const char *what, int parent, const char *parent_comm) {
  char name[16];
  syscall(SYS_getppid);
  prctl(PR_GET_NAME, name);
  int tid = (int)syscall(SYS_gettid);
  printf("%s: pid %d tgid %d parent %d leader %d uid %d comm %d flags %x parent's comm %d\n", what,
         skeleton->bss->pid == tid, skeleton->bss->tgid == getpid(), skeleton->bss->parent == parent,
         skeleton->bss->leader == getpid(), skeleton->bss->uid == (int)geteuid(), !strcmp(skeleton->bss->comm, name),
         skeleton->bss->flags, !strcmp(skeleton->bss->parent_comm, parent_comm));
  fflush(stdout);
}

static void *in_thread(void *parent_comm) {
  prctl(PR_SET_NAME, "worker");
  compare("thread", getppid(), parent_comm);
  return NULL;
}

int main(void) {
  skeleton = core_task__open();
  if (!skeleton || core_task__load(skeleton) || core_task__attach(skeleton))
    return perror("skeleton"), 1;
  char name[16];
  prctl(PR_GET_NAME, name);
  int self = getpid();
  int child = fork();
  if (child == 0) {
    prctl(PR_SET_NAME, "child");
    if (setuid(1234))
      return 1;
    compare("child", self, name);
    pthread_t thread;
    if (pthread_create(&thread, NULL, in_thread, name) || pthread_join(thread, NULL))
      return 1;
    _exit(7);
  }
  waitpid(child, NULL, 0);
  printf("exit: pid %d code %x\n", skeleton->bss->exited_pid == child, skeleton->bss->exit_code);

  /* A child whose parent goes belongs to the first process. */
  int go[2], done[2];
  char byte;
  if (pipe(go) || pipe(done))
    return 1;
  if ((child = fork()) == 0) {
    if (fork() == 0) {
      close(go[1]);
      if (read(go[0], &byte, 1) == 0)
        compare("orphan", 1, "init");
    }
    _exit(0);
  }
  waitpid(child, NULL, 0);
  close(go[1]);
  close(done[1]);
  if (read(done[0], &byte, 1) != 0)
    return 1;
  printf("exists %d %d\n", skeleton->bss->has_comm, skeleton->bss->has_nothing);
  core_task__destroy(skeleton);
  return 0;
}
