/* SPDX-License-Identifier: MIT OR Apache-2.0
 * What processes, threads, files, pipes and mappings took is given back: free memory is the same after many
 * rounds. */
#define _GNU_SOURCE
#include "check.h"
#include "meminfo.h"
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *self;

static void *nothing(void *argument) { return argument; }

static int processes_round(void) {
  pid_t child = fork();
  if (!child) {
    execl(self, self, "--child", (char *)NULL);
    _exit(1);
  }
  int status;
  CHECK(waitpid(child, &status, 0) == child && status == 0);
  return 0;
}

static int threads_round(void) {
  pthread_t threads[4];
  for (int i = 0; i < 4; i++)
    CHECK(pthread_create(&threads[i], NULL, nothing, NULL) == 0);
  for (int i = 0; i < 4; i++)
    CHECK(pthread_join(threads[i], NULL) == 0);
  return 0;
}

static int files_round(void) {
  static char block[20000];
  CHECK(mkdir("/tmp/dir", 0700) == 0);
  int fd = open("/tmp/dir/file", O_CREAT | O_RDWR, 0600);
  CHECK(write(fd, block, sizeof(block)) == (ssize_t)sizeof(block) && symlink("file", "/tmp/dir/link") == 0);
  char *mapped = mmap(NULL, 20000, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
  mapped[5000] = 1;
  CHECK(munmap(mapped, 20000) == 0 && close(fd) == 0);
  CHECK(unlink("/tmp/dir/file") == 0 && unlink("/tmp/dir/link") == 0 && rmdir("/tmp/dir") == 0);
  return 0;
}

static int descriptors_round(void) {
  int ends[2], set = epoll_create1(0);
  struct epoll_event event = {EPOLLIN, {.fd = 0}};
  CHECK(pipe(ends) == 0 && epoll_ctl(set, EPOLL_CTL_ADD, ends[0], &event) == 0 &&
        write(ends[1], "x", 1) == 1);
  close(ends[0]), close(ends[1]), close(set);
  int memory = memfd_create("m", 0);
  CHECK(ftruncate(memory, 1 << 20) == 0 && write(memory, "x", 1) == 1 && close(memory) == 0);
  int text = open("/proc/self/status", O_RDONLY);
  CHECK(text >= 0 && close(text) == 0);
  return 0;
}

static int gives_back(int (*round)(void), int rounds) {
  for (int i = 0; i < 20; i++) /* caches of the allocators fill */
    if (round())
      return 1;
  const long free_before = free_kilobytes(), stacks_before = stack_kilobytes();
  for (int i = 0; i < rounds; i++)
    if (round())
      return 1;
  const long lost = free_before - free_kilobytes(), stacks = stack_kilobytes() - stacks_before;
  if (lost > 128 || stacks > 32 * rounds / 4) { /* not a page a round, nor a stack of 32 kB every fourth */
    printf("%ld kB lost, %ld kB of stacks more after %d rounds\n", lost, stacks, rounds);
    return 1;
  }
  return 0;
}

static int processes(void) { return gives_back(processes_round, 200); }
static int threads(void) { return gives_back(threads_round, 200); }
static int files(void) { return gives_back(files_round, 400); }
static int descriptors(void) { return gives_back(descriptors_round, 400); }

int main(int argc, char **argv) {
  if (argc > 1)
    return 0;
  self = argv[0][0] == '/' ? argv[0] : "/proc/self/exe";
  static const struct test_case cases[] = {
      {"processes", processes}, {"threads", threads}, {"files", files}, {"descriptors", descriptors}};
  return RUN_CASES("leaks", cases);
}
