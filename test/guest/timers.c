/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Files that stand for time and signals: timerfd, signalfd; timers that send signals; and the clock of the day. */
#define _GNU_SOURCE
#include "check.h"
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MILLISECONDS(count) ((count) * 1000000L)

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static int timer_once(void) {
  int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
  CHECK(fd >= 0);
  struct itimerspec value = {.it_value.tv_nsec = MILLISECONDS(50)}, left;
  uint64_t count = 0;
  double start = now();
  CHECK(timerfd_settime(fd, 0, &value, NULL) == 0);
  CHECK(timerfd_gettime(fd, &left) == 0 && left.it_value.tv_sec == 0 && left.it_value.tv_nsec > 0 &&
        left.it_value.tv_nsec <= MILLISECONDS(50));
  CHECK(read(fd, &count, sizeof(count)) == sizeof(count) && count == 1);
  CHECK(now() - start >= 0.05);
  CHECK(timerfd_gettime(fd, &left) == 0 && left.it_value.tv_sec == 0 && left.it_value.tv_nsec == 0);
  return close(fd);
}

static int periodic_timer_counts_what_nobody_read(void) {
  int fd = timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK);
  struct itimerspec value = {{0, MILLISECONDS(10)}, {0, MILLISECONDS(10)}}, old;
  uint64_t count = 0;
  CHECK(fd >= 0 && timerfd_settime(fd, 0, &value, NULL) == 0);
  CHECK_FAILS(read(fd, &count, 4), EINVAL);
  usleep(105000);
  CHECK(read(fd, &count, sizeof(count)) == sizeof(count) && count >= 10);
  CHECK_FAILS(read(fd, &count, sizeof(count)), EAGAIN);
  struct itimerspec off = {0};
  CHECK(timerfd_settime(fd, 0, &off, &old) == 0 && old.it_interval.tv_nsec == MILLISECONDS(10));
  usleep(30000);
  CHECK_FAILS(read(fd, &count, sizeof(count)), EAGAIN);
  return close(fd);
}

static int timer_wakes_epoll(void) {
  int fd = timerfd_create(CLOCK_MONOTONIC, 0), epoll = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.fd = fd}, got;
  struct itimerspec value = {{0, MILLISECONDS(30)}, {0, MILLISECONDS(30)}};
  CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0 && epoll_wait(epoll, &got, 1, 20) == 0);
  CHECK(timerfd_settime(fd, 0, &value, NULL) == 0);
  for (int i = 0; i < 3; i++) /* each expiration is an edge, though nobody reads */
    CHECK(epoll_wait(epoll, &got, 1, 5000) == 1 && got.data.fd == fd && (got.events & EPOLLIN));
  return close(fd) || close(epoll);
}

static int absolute_timer_follows_the_clock(void) {
  int fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK);
  struct timespec time;
  CHECK(clock_gettime(CLOCK_REALTIME, &time) == 0);
  struct itimerspec value = {.it_value.tv_sec = time.tv_sec + 1000};
  CHECK(timerfd_settime(fd, TFD_TIMER_ABSTIME, &value, NULL) == 0);
  uint64_t count;
  CHECK_FAILS(read(fd, &count, sizeof(count)), EAGAIN);
  struct timespec later = {time.tv_sec + 1001, 0};
  CHECK(clock_settime(CLOCK_REALTIME, &later) == 0);
  struct pollfd wait = {fd, POLLIN, 0};
  CHECK(poll(&wait, 1, 5000) == 1 && read(fd, &count, sizeof(count)) == sizeof(count) && count == 1);
  CHECK(clock_settime(CLOCK_REALTIME, &time) == 0);
  return close(fd);
}

static int timer_refuses(void) {
  struct itimerspec value = {.it_value.tv_nsec = 1000000000};
  CHECK_FAILS(timerfd_create(CLOCK_PROCESS_CPUTIME_ID, 0), EINVAL);
  CHECK_FAILS(timerfd_create(CLOCK_MONOTONIC, 1), EINVAL);
  CHECK_FAILS(timerfd_settime(0, 0, &(struct itimerspec){0}, NULL), EINVAL);
  int fd = timerfd_create(CLOCK_MONOTONIC, 0);
  CHECK_FAILS(timerfd_settime(fd, 0, &value, NULL), EINVAL);
  CHECK_FAILS(timerfd_gettime(1000, &value), EBADF);
  return close(fd);
}

static int signals_are_read(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  sigaddset(&set, SIGCHLD);
  CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
  int fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
  struct signalfd_siginfo info[2];
  CHECK(fd >= 0);
  CHECK_FAILS(read(fd, info, sizeof(info[0])), EAGAIN);
  CHECK_FAILS(read(fd, info, sizeof(info[0]) - 1), EINVAL);
  pid_t child = fork();
  if (!child)
    _exit(7);
  CHECK(kill(getpid(), SIGUSR1) == 0);
  struct pollfd wait = {fd, POLLIN, 0};
  CHECK(waitid(P_PID, (id_t)child, &(siginfo_t){0}, WEXITED | WNOWAIT) == 0);
  CHECK(poll(&wait, 1, 5000) == 1 && wait.revents == POLLIN);
  CHECK(read(fd, info, sizeof(info)) == sizeof(info));
  CHECK(info[0].ssi_signo == SIGUSR1 && info[0].ssi_pid == (uint32_t)getpid() && info[0].ssi_code == SI_USER);
  CHECK(info[1].ssi_signo == SIGCHLD && info[1].ssi_pid == (uint32_t)child && info[1].ssi_status == 7);
  CHECK_FAILS(read(fd, info, sizeof(info)), EAGAIN);
  CHECK(waitpid(child, NULL, 0) == child);
  return close(fd);
}

static int signal_wakes_reader_and_poller(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR2);
  CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
  int fd = signalfd(-1, &set, 0);
  pid_t child = fork();
  if (!child) {
    for (int i = 0; i < 2; i++) {
      usleep(100000);
      kill(getppid(), SIGUSR2);
    }
    _exit(0);
  }
  struct signalfd_siginfo info;
  CHECK(read(fd, &info, sizeof(info)) == sizeof(info) && info.ssi_pid == (uint32_t)child);
  struct pollfd wait = {fd, POLLIN, 0};
  CHECK(poll(&wait, 1, 5000) == 1 && read(fd, &info, sizeof(info)) == sizeof(info));
  CHECK(info.ssi_signo == SIGUSR2 && waitpid(child, NULL, 0) == child);
  sigemptyset(&set);
  CHECK(signalfd(fd, &set, 0) == fd && kill(getpid(), SIGUSR2) == 0 && poll(&wait, 1, 0) == 0);
  CHECK_FAILS(signalfd(0, &set, 0), EINVAL);
  return close(fd);
}

static int posix_timer_sends_signals(void) {
  timer_t timer;
  struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN, .sigev_value.sival_int = 42};
  struct itimerspec value = {.it_value.tv_nsec = MILLISECONDS(5), .it_interval.tv_nsec = MILLISECONDS(3)}, left;
  sigset_t set;
  siginfo_t info;
  sigemptyset(&set);
  sigaddset(&set, SIGRTMIN);
  sigprocmask(SIG_BLOCK, &set, NULL);
  CHECK(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0 && timer_settime(timer, 0, &value, NULL) == 0);
  CHECK(sigwaitinfo(&set, &info) == SIGRTMIN && info.si_code == SI_TIMER && info.si_value.sival_int == 42);
  CHECK(timer_gettime(timer, &left) == 0 && left.it_interval.tv_nsec == MILLISECONDS(3));
  usleep(50000); /* nobody takes the signal: it stays one, and counts */
  CHECK(timer_settime(timer, 0, &(struct itimerspec){0}, NULL) == 0);
  CHECK(sigwaitinfo(&set, &info) == SIGRTMIN && info.si_overrun >= 5);
  CHECK(sigtimedwait(&set, &info, &(struct timespec){0}) == -1 && errno == EAGAIN);
  CHECK(timer_delete(timer) == 0 && timer_create(CLOCK_REALTIME, &event, &timer) == 0);
  clock_gettime(CLOCK_REALTIME, &value.it_value);
  value.it_interval.tv_nsec = 0;
  CHECK(timer_settime(timer, TIMER_ABSTIME, &value, NULL) == 0); /* past already */
  CHECK(sigwaitinfo(&set, &info) == SIGRTMIN);
  CHECK(timer_delete(timer) == 0);
  CHECK_FAILS(timer_create(99, &event, &timer), EINVAL);
  event.sigev_signo = 65;
  CHECK_FAILS(timer_create(CLOCK_MONOTONIC, &event, &timer), EINVAL);
  return 0;
}

static volatile sig_atomic_t alarms;
static void count_alarm(int signal) { alarms++, (void)signal; }

static int interval_timers_measure_cpu(void) {
  struct itimerval value = {.it_value.tv_usec = 5000, .it_interval.tv_usec = 5000}, left;
  for (int which = ITIMER_VIRTUAL; which <= ITIMER_PROF; which++) {
    alarms = 0;
    CHECK(signal(which == ITIMER_VIRTUAL ? SIGVTALRM : SIGPROF, count_alarm) != SIG_ERR);
    CHECK(setitimer(which, &value, NULL) == 0);
    usleep(50000); /* takes no time of a processor */
    CHECK(alarms <= 1 && getitimer(which, &left) == 0 && left.it_interval.tv_usec == 5000);
    for (double end = now() + 20; alarms < 3 && now() < end;)
      ;
    CHECK(setitimer(which, &(struct itimerval){0}, NULL) == 0 && alarms >= 3);
  }
  CHECK_FAILS(setitimer(3, &value, NULL), EINVAL);
  return 0;
}

static int day_is_the_hosts(void) {
  const char *expected = getenv("HOST_SECONDS");
  CHECK(expected);
  long apart = (long)time(NULL) - atol(expected);
  CHECK(apart >= -1 && apart < 120);
  return 0;
}

int main(void) {
  static const struct test_case cases[] = {
      {"timer once", timer_once},
      {"periodic timer counts what nobody read", periodic_timer_counts_what_nobody_read},
      {"timer wakes epoll", timer_wakes_epoll},
      {"absolute timer follows the clock", absolute_timer_follows_the_clock},
      {"timer refuses", timer_refuses},
      {"signals are read", signals_are_read},
      {"signal wakes reader and poller", signal_wakes_reader_and_poller},
      {"posix timer sends signals", posix_timer_sends_signals},
      {"interval timers measure CPU", interval_timers_measure_cpu},
      {"day is the host's", day_is_the_hosts},
  };
  return RUN_CASES("timers", cases);
}
