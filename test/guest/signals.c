/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Signals: handlers and the registers around them, masks, waiting, restarting, timers, faults, the other
 * stack. */
#define _GNU_SOURCE
#include "check.h"
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t seen, seen_pid, seen_code;
static void *volatile seen_address;

static void count(int number) { seen = seen * 100 + number; }
static void record(int number, siginfo_t *info, void *context) {
  (void)context;
  seen = number;
  seen_pid = info->si_pid;
  seen_code = info->si_code;
  seen_address = info->si_addr;
}

static int install(int number, void (*handler)(int), int flags) {
  struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
  return sigaction(number, &action, NULL);
}

static int handler_gets_siginfo(void) {
  struct sigaction action = {.sa_sigaction = record, .sa_flags = SA_SIGINFO};
  CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
  seen = 0;
  CHECK(kill(getpid(), SIGUSR1) == 0);
  CHECK(seen == SIGUSR1 && seen_pid == getpid() && seen_code == SI_USER);
  CHECK(raise(SIGUSR1) == 0 && seen_code == SI_TKILL);
  return 0;
}

static void use_fp(int number) {
  (void)number;
  volatile double junk = 1.0;
  for (int i = 0; i < 100; i++)
    junk = junk * 1.5 + 0.25;
  seen++;
}

static int registers_survive_handler(void) {
  install(SIGALRM, use_fp, SA_RESTART);
  struct itimerval timer = {{0, 10000}, {0, 10000}};
  seen = 0;
  CHECK(setitimer(ITIMER_REAL, &timer, NULL) == 0);
  double x = 0;
  unsigned long y = 0;
  while (seen < 5) {
    double before = x;
    x += 1.0;
    y += 1;
    CHECK(x == before + 1.0);
  }
  timer = (struct itimerval){{0, 0}, {0, 0}};
  CHECK(setitimer(ITIMER_REAL, &timer, NULL) == 0);
  CHECK(x == (double)y);
  return 0;
}

static int blocked_signal_waits(void) {
  install(SIGUSR2, count, 0);
  sigset_t set, old, pending;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR2);
  seen = 0;
  CHECK(sigprocmask(SIG_BLOCK, &set, &old) == 0);
  raise(SIGUSR2);
  CHECK(seen == 0);
  CHECK(sigpending(&pending) == 0 && sigismember(&pending, SIGUSR2));
  CHECK(sigprocmask(SIG_SETMASK, &old, NULL) == 0);
  CHECK(seen == SIGUSR2);
  return 0;
}

static int handler_blocks_its_own_signal(void) {
  sigset_t now;
  CHECK(install(SIGUSR1, count, 0) == 0);
  seen = 0;
  raise(SIGUSR1);
  CHECK(sigprocmask(SIG_BLOCK, NULL, &now) == 0 && !sigismember(&now, SIGUSR1));
  CHECK(seen == SIGUSR1);
  CHECK(install(SIGUSR1, count, SA_RESETHAND) == 0);
  raise(SIGUSR1);
  struct sigaction action;
  CHECK(sigaction(SIGUSR1, NULL, &action) == 0 && action.sa_handler == SIG_DFL);
  return 0;
}

static int suspend_and_timed_wait(void) {
  sigset_t set, none;
  sigemptyset(&none);
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  install(SIGUSR1, count, 0);
  CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
  pid_t parent = getpid(), child = fork();
  if (!child) {
    usleep(20000);
    kill(parent, SIGUSR1);
    usleep(20000);
    kill(parent, SIGUSR1);
    _exit(0);
  }
  seen = 0;
  CHECK_FAILS(sigsuspend(&none), EINTR);
  CHECK(seen == SIGUSR1);
  siginfo_t info;
  CHECK(sigwaitinfo(&set, &info) == SIGUSR1 && info.si_pid == child);
  struct timespec soon = {0, 5000000};
  CHECK_FAILS(sigtimedwait(&set, &info, &soon), EAGAIN);
  waitpid(child, NULL, 0);
  CHECK(sigprocmask(SIG_UNBLOCK, &set, NULL) == 0);
  return 0;
}

static int read_restarts_or_fails(int flags) {
  int ends[2];
  CHECK(pipe(ends) == 0);
  install(SIGUSR1, count, flags);
  pid_t parent = getpid(), child = fork();
  if (!child) {
    usleep(20000);
    kill(parent, SIGUSR1);
    usleep(20000);
    _exit(write(ends[1], "y", 1) != 1);
  }
  seen = 0;
  char byte = 0;
  ssize_t result = read(ends[0], &byte, 1);
  int error = errno;
  waitpid(child, NULL, 0);
  close(ends[0]);
  close(ends[1]);
  CHECK(seen == SIGUSR1);
  if (flags & SA_RESTART)
    CHECK(result == 1 && byte == 'y');
  else
    CHECK(result == -1 && error == EINTR);
  return 0;
}
static int restart_flag_restarts_read(void) { return read_restarts_or_fails(SA_RESTART); }
static int without_it_read_is_interrupted(void) { return read_restarts_or_fails(0); }

static sigjmp_buf escape;
static void leave(int number, siginfo_t *info, void *context) {
  record(number, info, context);
  siglongjmp(escape, 1);
}

static int faults_become_signals(void) {
  struct sigaction action = {.sa_sigaction = leave, .sa_flags = SA_SIGINFO};
  CHECK(sigaction(SIGSEGV, &action, NULL) == 0 && sigaction(SIGILL, &action, NULL) == 0 &&
        sigaction(SIGTRAP, &action, NULL) == 0);
  seen = 0;
  if (!sigsetjmp(escape, 1))
    *(volatile int *)0x123400 = 1;
  CHECK(seen == SIGSEGV && seen_address == (void *)0x123400);
  if (!sigsetjmp(escape, 1))
    __asm__ volatile(".word 0xffffffff"); /* reserved */
  CHECK(seen == SIGILL);
  if (!sigsetjmp(escape, 1))
    __asm__ volatile("ebreak");
  CHECK(seen == SIGTRAP);
  char *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(page != MAP_FAILED);
  seen = 0;
  if (!sigsetjmp(escape, 1))
    *(volatile char *)page = 1;
  CHECK(seen == SIGSEGV && seen_address == page);
  munmap(page, 4096);
  install(SIGSEGV, SIG_DFL, 0);
  install(SIGILL, SIG_DFL, 0);
  install(SIGTRAP, SIG_DFL, 0);
  return 0;
}

static volatile unsigned long handler_stack;
static void note_stack(int number) {
  handler_stack = (unsigned long)__builtin_frame_address(0);
  seen = number;
}

static int alternate_stack_is_used(void) {
  static char memory[65536];
  stack_t stack = {.ss_sp = memory, .ss_size = sizeof(memory)}, old;
  CHECK(sigaltstack(&stack, NULL) == 0);
  install(SIGUSR1, note_stack, SA_ONSTACK);
  raise(SIGUSR1);
  CHECK(handler_stack > (unsigned long)memory && handler_stack <= (unsigned long)(memory + sizeof(memory)));
  stack.ss_flags = SS_DISABLE;
  CHECK(sigaltstack(&stack, &old) == 0 && old.ss_sp == memory && !(old.ss_flags & SS_ONSTACK));
  return 0;
}

static int child_signal_tells_status(void) {
  struct sigaction action = {.sa_sigaction = record, .sa_flags = SA_SIGINFO};
  CHECK(sigaction(SIGCHLD, &action, NULL) == 0);
  seen = 0;
  pid_t child = fork();
  if (!child)
    _exit(3);
  while (!seen)
    usleep(1000);
  CHECK(seen == SIGCHLD && seen_pid == child && seen_code == CLD_EXITED);
  CHECK(waitpid(child, NULL, 0) == child);
  install(SIGCHLD, SIG_IGN, 0);
  child = fork();
  if (!child)
    _exit(0);
  CHECK_FAILS(waitpid(child, NULL, 0), ECHILD); /* nobody wants to know: reaped at once */
  install(SIGCHLD, SIG_DFL, 0);
  return 0;
}

static int broken_pipe(void) {
  int ends[2];
  CHECK(pipe(ends) == 0);
  close(ends[0]);
  install(SIGPIPE, count, 0);
  seen = 0;
  CHECK_FAILS(write(ends[1], "x", 1), EPIPE);
  CHECK(seen == SIGPIPE);
  install(SIGPIPE, SIG_DFL, 0);
  close(ends[1]);
  return 0;
}

static void *wait_in_thread(void *argument) {
  (void)argument;
  sigset_t none;
  sigemptyset(&none);
  sigsuspend(&none);
  return (void *)(long)seen;
}

static int signal_for_one_thread(void) {
  install(SIGUSR2, count, 0);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR2);
  pthread_sigmask(SIG_BLOCK, &set, NULL);
  seen = 0;
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, wait_in_thread, NULL) == 0);
  usleep(10000);
  CHECK(pthread_kill(thread, SIGUSR2) == 0);
  void *result;
  CHECK(pthread_join(thread, &result) == 0 && result == (void *)(long)SIGUSR2);
  pthread_sigmask(SIG_UNBLOCK, &set, NULL);
  return 0;
}

/* Each waits for 200 ms; 0: it waited that long and nothing cut it short. */
static long elapsed_ms(const struct timespec *since) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (now.tv_sec - since->tv_sec) * 1000 + (now.tv_nsec - since->tv_nsec) / 1000000;
}
static int sleeps(void) { return nanosleep(&(struct timespec){0, 200000000}, NULL); }
static int sleeps_until(void) {
  struct timespec until;
  clock_gettime(CLOCK_MONOTONIC, &until);
  until.tv_nsec += 200000000;
  if (until.tv_nsec >= 1000000000)
    until.tv_sec++, until.tv_nsec -= 1000000000;
  return clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}
static int polls(void) { return poll(NULL, 0, 200); }
static int waits_on_futex(void) {
  unsigned word = 0;
  long result = syscall(SYS_futex, &word, 0 /* FUTEX_WAIT */, 0, &(struct timespec){0, 200000000}, NULL, 0);
  return result == -1 && errno == ETIMEDOUT ? 0 : 1;
}

static int stopped_waits_go_on(void) {
  int (*const waits[])(void) = {sleeps, sleeps_until, polls, waits_on_futex};
  for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
    pid_t child = fork();
    if (!child) {
      struct timespec start;
      clock_gettime(CLOCK_MONOTONIC, &start);
      _exit(waits[i]() ? 1 : elapsed_ms(&start) < 200 ? 2 : 0);
    }
    int status;
    usleep(30000);
    CHECK(kill(child, SIGSTOP) == 0 && waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status));
    CHECK(kill(child, SIGCONT) == 0 && waitpid(child, &status, 0) == child);
    if (status)
      printf("wait %zu ends with status %x\n", i, status);
    CHECK(status == 0);
  }
  return 0;
}

static int handler_ends_a_sleep(void) {
  struct timespec left = {0, 0};
  install(SIGALRM, count, SA_RESTART);
  seen = 0;
  struct itimerval soon = {{0, 0}, {0, 20000}};
  CHECK(setitimer(ITIMER_REAL, &soon, NULL) == 0);
  CHECK_FAILS(nanosleep(&(struct timespec){10, 0}, &left), EINTR);
  CHECK(seen == SIGALRM && left.tv_sec == 9 && left.tv_nsec > 0);
  CHECK_FAILS(syscall(128 /* restart_syscall */), EINTR); /* there is nothing to go on with */
  return 0;
}

static int wrong_arguments_are_refused(void) {
  struct sigaction action = {.sa_handler = count};
  CHECK_FAILS(sigaction(SIGKILL, &action, NULL), EINVAL);
  CHECK_FAILS(kill(getpid(), 99), EINVAL);
  CHECK_FAILS(kill(30000, 0), ESRCH);
  CHECK(kill(getpid(), 0) == 0);
  return 0;
}

static int real_time_signals_queue(void) {
  sigset_t set, old;
  siginfo_t info;
  struct timespec none = {0};
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1), sigaddset(&set, SIGRTMIN), sigaddset(&set, SIGRTMIN + 1);
  sigprocmask(SIG_BLOCK, &set, &old);
  for (int i = 0; i < 3; i++) {
    CHECK(sigqueue(getpid(), SIGRTMIN + 1, (union sigval){.sival_int = 10 + i}) == 0);
    CHECK(sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = i}) == 0);
    CHECK(sigqueue(getpid(), SIGUSR1, (union sigval){.sival_int = 20 + i}) == 0);
  }
  CHECK(sigtimedwait(&set, &info, &none) == SIGUSR1 && info.si_value.sival_int == 20); /* one only */
  for (int i = 0; i < 3; i++)
    CHECK(sigtimedwait(&set, &info, &none) == SIGRTMIN && info.si_value.sival_int == i);
  CHECK(sigtimedwait(&set, &info, &none) == SIGRTMIN + 1 && info.si_value.sival_int == 10);
  CHECK(signal(SIGRTMIN + 1, SIG_IGN) != SIG_ERR); /* what is pending of it is gone */
  CHECK(sigtimedwait(&set, &info, &none) == -1 && errno == EAGAIN && signal(SIGRTMIN + 1, SIG_DFL) != SIG_ERR);
  int queued = 0;
  while (queued < 100000 && sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = queued}) == 0)
    queued++;
  CHECK(errno == EAGAIN && queued >= 1000); /* there is an end to it */
  for (int i = 0; i < queued; i++)
    CHECK(sigtimedwait(&set, &info, &none) == SIGRTMIN && info.si_value.sival_int == i);
  return sigprocmask(SIG_SETMASK, &old, NULL);
}

int main(void) {
  static const struct test_case cases[] = {
      {"handler gets siginfo", handler_gets_siginfo},
      {"registers survive handler", registers_survive_handler},
      {"blocked signal waits", blocked_signal_waits},
      {"handler blocks its own signal", handler_blocks_its_own_signal},
      {"suspend and timed wait", suspend_and_timed_wait},
      {"restart flag restarts read", restart_flag_restarts_read},
      {"without it read is interrupted", without_it_read_is_interrupted},
      {"faults become signals", faults_become_signals},
      {"alternate stack is used", alternate_stack_is_used},
      {"child signal tells status", child_signal_tells_status},
      {"broken pipe", broken_pipe},
      {"signal for one thread", signal_for_one_thread},
      {"stopped waits go on", stopped_waits_go_on},
      {"handler ends a sleep", handler_ends_a_sleep},
      {"wrong arguments are refused", wrong_arguments_are_refused},
      {"real-time signals queue", real_time_signals_queue},
  };
  return RUN_CASES("signals", cases);
}
