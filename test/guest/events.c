/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Pipes, and waiting for them and their like: poll, select, epoll, eventfd, FIFOs; clocks and sleeping. */
#define _GNU_SOURCE
#include "check.h"
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static int pipe_carries_a_megabyte(void) {
  enum { kTotal = 1 << 20 };
  int ends[2];
  CHECK(pipe(ends) == 0);
  pid_t child = fork();
  static unsigned char block[10000];
  if (!child) {
    close(ends[0]);
    for (int sent = 0; sent < kTotal;) {
      int count = kTotal - sent < (int)sizeof(block) ? kTotal - sent : (int)sizeof(block);
      for (int i = 0; i < count; i++)
        block[i] = (unsigned char)((sent + i) * 31 >> 3);
      if (write(ends[1], block, (size_t)count) != count)
        _exit(1);
      sent += count;
    }
    _exit(0);
  }
  close(ends[1]);
  int got = 0;
  ssize_t count;
  while ((count = read(ends[0], block, sizeof(block))) > 0)
    for (ssize_t i = 0; i < count; i++, got++)
      CHECK(block[i] == (unsigned char)(got * 31 >> 3));
  int status;
  CHECK(count == 0 && got == kTotal && waitpid(child, &status, 0) == child && status == 0);
  close(ends[0]);
  return 0;
}

static int full_pipe(void) {
  int ends[2], waiting;
  char block[4096] = "";
  CHECK(pipe2(ends, O_NONBLOCK) == 0);
  CHECK_FAILS(read(ends[0], block, 1), EAGAIN);
  int written = 0;
  ssize_t count;
  while ((count = write(ends[1], block, sizeof(block))) > 0)
    written += (int)count;
  CHECK(errno == EAGAIN && written == 65536);
  CHECK(ioctl(ends[0], FIONREAD, &waiting) == 0 && waiting == 65536);
  struct pollfd out = {ends[1], POLLOUT, 0};
  CHECK(poll(&out, 1, 0) == 0);
  CHECK(read(ends[0], block, 4096) == 4096 && poll(&out, 1, 0) == 1 && out.revents == POLLOUT);
  close(ends[0]);
  CHECK(poll(&out, 1, 0) == 1 && (out.revents & POLLERR));
  close(ends[1]);
  return 0;
}

static int atomic_writes_are_not_torn(void) {
  int ends[2];
  CHECK(pipe(ends) == 0);
  for (int writer = 0; writer < 4; writer++)
    if (!fork()) {
      char block[1000];
      memset(block, 'a' + writer, sizeof(block));
      for (int i = 0; i < 200; i++)
        if (write(ends[1], block, sizeof(block)) != (ssize_t)sizeof(block))
          _exit(1);
      _exit(0);
    }
  close(ends[1]);
  for (int i = 0; i < 800; i++) {
    char block[1000];
    size_t have = 0;
    while (have < sizeof(block)) {
      ssize_t count = read(ends[0], block + have, sizeof(block) - have);
      CHECK(count > 0);
      have += (size_t)count;
    }
    for (size_t k = 1; k < sizeof(block); k++)
      CHECK(block[k] == block[0]);
  }
  for (int writer = 0; writer < 4; writer++) {
    int status;
    CHECK(wait(&status) > 0 && status == 0);
  }
  close(ends[0]);
  return 0;
}

static int poll_sleeps_until_written(void) {
  int ends[2];
  CHECK(pipe(ends) == 0);
  pid_t child = fork();
  if (!child) {
    usleep(30000);
    _exit(write(ends[1], "x", 1) != 1);
  }
  struct pollfd in[3] = {{-1, POLLIN, 0}, {ends[0], POLLIN, 0}, {999, POLLIN, 0}};
  double start = now();
  CHECK(poll(in, 2, 5000) == 1 && in[1].revents == POLLIN && in[0].revents == 0);
  CHECK(now() - start < 4);
  CHECK(poll(in, 3, 0) == 2 && in[2].revents == POLLNVAL);
  char byte;
  CHECK(read(ends[0], &byte, 1) == 1);
  start = now();
  CHECK(poll(in, 2, 30) == 0 && now() - start >= 0.03);
  waitpid(child, NULL, 0);
  close(ends[1]);
  CHECK(poll(in, 2, 0) == 1 && in[1].revents == POLLHUP);
  close(ends[0]);
  return 0;
}

static int select_finds_ready(void) {
  int ends[2];
  CHECK(pipe(ends) == 0);
  fd_set in, out;
  FD_ZERO(&in);
  FD_ZERO(&out);
  FD_SET(ends[0], &in);
  FD_SET(ends[1], &out);
  struct timeval none = {0, 0};
  CHECK(select(ends[1] + 1, &in, &out, NULL, &none) == 1 && !FD_ISSET(ends[0], &in) &&
        FD_ISSET(ends[1], &out));
  CHECK(write(ends[1], "x", 1) == 1);
  FD_SET(ends[0], &in);
  CHECK(select(ends[1] + 1, &in, &out, NULL, NULL) == 2);
  close(ends[0]), close(ends[1]);
  FD_SET(ends[0], &in);
  CHECK_FAILS(select(ends[1] + 1, &in, NULL, NULL, &none), EBADF);
  return 0;
}

static int epoll_levels_and_edges(void) {
  int ends[2], set = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event event = {EPOLLIN, {.u64 = 0x123456789abcdef0}}, got[4];
  CHECK(set >= 0 && pipe(ends) == 0 && epoll_ctl(set, EPOLL_CTL_ADD, ends[0], &event) == 0);
  CHECK_FAILS(epoll_ctl(set, EPOLL_CTL_ADD, ends[0], &event), EEXIST);
  CHECK(epoll_wait(set, got, 4, 0) == 0);
  CHECK(write(ends[1], "x", 1) == 1);
  CHECK(epoll_wait(set, got, 4, 1000) == 1 && got[0].events == EPOLLIN && got[0].data.u64 == event.data.u64);
  CHECK(epoll_wait(set, got, 4, 0) == 1);
  event.events = EPOLLIN | EPOLLET;
  CHECK(epoll_ctl(set, EPOLL_CTL_MOD, ends[0], &event) == 0);
  CHECK(epoll_wait(set, got, 4, 0) == 1 && epoll_wait(set, got, 4, 0) == 0);
  CHECK(write(ends[1], "y", 1) == 1 && epoll_wait(set, got, 4, 0) == 1 && epoll_wait(set, got, 4, 0) == 0);
  event.events = EPOLLIN | EPOLLONESHOT;
  CHECK(epoll_ctl(set, EPOLL_CTL_MOD, ends[0], &event) == 0);
  CHECK(epoll_wait(set, got, 4, 0) == 1 && epoll_wait(set, got, 4, 0) == 0);
  CHECK(epoll_ctl(set, EPOLL_CTL_DEL, ends[0], NULL) == 0);
  CHECK_FAILS(epoll_ctl(set, EPOLL_CTL_DEL, ends[0], NULL), ENOENT);
  int file = open("/tmp", O_RDONLY);
  CHECK_FAILS(epoll_ctl(set, EPOLL_CTL_ADD, file, &event), EPERM);
  close(file), close(set), close(ends[0]), close(ends[1]);
  return 0;
}

static int closed_file_leaves_epoll(void) {
  int ends[2], set = epoll_create1(0);
  struct epoll_event event = {EPOLLIN, {.u64 = 1}}, got;
  CHECK(pipe(ends) == 0 && epoll_ctl(set, EPOLL_CTL_ADD, ends[0], &event) == 0);
  CHECK(write(ends[1], "x", 1) == 1 && epoll_wait(set, &got, 1, 0) == 1);
  close(ends[0]);
  CHECK(epoll_wait(set, &got, 1, 0) == 0);
  signal(SIGPIPE, SIG_IGN);
  CHECK_FAILS(write(ends[1], "x", 1), EPIPE); /* nobody keeps the reading end */
  signal(SIGPIPE, SIG_DFL);
  close(set), close(ends[1]);
  return 0;
}

static int eventfd_counts(void) {
  int fd = eventfd(3, EFD_NONBLOCK);
  uint64_t value = 4;
  CHECK(write(fd, &value, 8) == 8 && read(fd, &value, 8) == 8 && value == 7);
  CHECK_FAILS(read(fd, &value, 8), EAGAIN);
  CHECK_FAILS(read(fd, &value, 4), EINVAL);
  value = UINT64_MAX;
  CHECK_FAILS(write(fd, &value, 8), EINVAL);
  close(fd);
  fd = eventfd(2, EFD_SEMAPHORE);
  CHECK(read(fd, &value, 8) == 8 && value == 1 && read(fd, &value, 8) == 8 && value == 1);
  close(fd);
  return 0;
}

static int fifo_has_a_name(void) {
  CHECK(mkfifo("/tmp/fifo", 0600) == 0);
  CHECK_FAILS(open("/tmp/fifo", O_WRONLY | O_NONBLOCK), ENXIO);
  pid_t child = fork();
  if (!child) {
    int fd = open("/tmp/fifo", O_WRONLY);
    _exit(write(fd, "named", 5) != 5);
  }
  char text[8];
  int fd = open("/tmp/fifo", O_RDONLY);
  CHECK(fd >= 0 && read(fd, text, 8) == 5 && !memcmp(text, "named", 5) && read(fd, text, 8) == 0);
  waitpid(child, NULL, 0);
  close(fd);
  CHECK(unlink("/tmp/fifo") == 0);
  return 0;
}

static int clocks_go_on(void) {
  double before = now();
  struct timespec wait = {0, 25000000}, resolution;
  CHECK(nanosleep(&wait, NULL) == 0);
  double slept = now() - before;
  CHECK(slept >= 0.025 && slept < 2);
  CHECK(clock_getres(CLOCK_MONOTONIC, &resolution) == 0 && resolution.tv_sec == 0);
  struct timespec until;
  clock_gettime(CLOCK_MONOTONIC, &until);
  until.tv_sec += 0;
  CHECK(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == 0);
  wait.tv_nsec = 2000000000;
  CHECK_FAILS(nanosleep(&wait, NULL), EINVAL);
  struct timespec set = {1700000000, 0}, got;
  CHECK(clock_settime(CLOCK_REALTIME, &set) == 0 && clock_gettime(CLOCK_REALTIME, &got) == 0);
  CHECK(got.tv_sec >= 1700000000 && got.tv_sec < 1700000010 && time(NULL) >= 1700000000);
  CHECK_FAILS(clock_gettime(77, &got), EINVAL);
  return 0;
}

static int cpu_time_is_counted(void) {
  struct timespec before, after;
  CHECK(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before) == 0);
  double until = now() + 0.2;
  while (now() < until)
    ;
  CHECK(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after) == 0);
  double used = (double)(after.tv_sec - before.tv_sec) + (double)(after.tv_nsec - before.tv_nsec) / 1e9;
  CHECK(used > 0.02 && used < 2);
  struct tms spent;
  CHECK(times(&spent) != (clock_t)-1 && spent.tms_utime > 0);
  return 0;
}

int main(void) {
  static const struct test_case cases[] = {
      {"pipe carries a megabyte", pipe_carries_a_megabyte},
      {"full pipe", full_pipe},
      {"atomic writes are not torn", atomic_writes_are_not_torn},
      {"poll sleeps until written", poll_sleeps_until_written},
      {"select finds ready", select_finds_ready},
      {"epoll levels and edges", epoll_levels_and_edges},
      {"closed file leaves epoll", closed_file_leaves_epoll},
      {"eventfd counts", eventfd_counts},
      {"fifo has a name", fifo_has_a_name},
      {"clocks go on", clocks_go_on},
      {"cpu time is counted", cpu_time_is_counted},
  };
  return RUN_CASES("events", cases);
}
