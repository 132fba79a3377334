/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Threads of one process on all harts: mutexes, conditions, timeouts, joins, robust mutexes, processes that
 * share memory. */
#define _GNU_SOURCE
#include "check.h"
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* of <linux/futex.h>, which is not beside every C library */
enum { FUTEX_WAIT_PRIVATE = 128, FUTEX_WAKE_PRIVATE = 129, FUTEX_CMP_REQUEUE_PRIVATE = 132 };
enum { kThreads = 8, kRounds = 2000 };
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static long counter;

static void *add_under_mutex(void *argument) {
  for (int i = 0; i < kRounds; i++) {
    pthread_mutex_lock(&mutex);
    counter++;
    pthread_mutex_unlock(&mutex);
  }
  return argument;
}

static int mutex_excludes(void) {
  pthread_t threads[kThreads];
  counter = 0;
  for (long i = 0; i < kThreads; i++)
    CHECK(pthread_create(&threads[i], NULL, add_under_mutex, (void *)i) == 0);
  for (long i = 0; i < kThreads; i++) {
    void *result;
    CHECK(pthread_join(threads[i], &result) == 0 && result == (void *)i);
  }
  CHECK(counter == (long)kThreads * kRounds);
  return 0;
}

static int turn;
static void *take_turns(void *argument) {
  int mine = (int)(long)argument;
  for (int i = 0; i < 200; i++) {
    pthread_mutex_lock(&mutex);
    while (turn % 4 != mine)
      pthread_cond_wait(&condition, &mutex);
    turn++;
    pthread_cond_broadcast(&condition);
    pthread_mutex_unlock(&mutex);
  }
  return NULL;
}

static int conditions_wake(void) {
  pthread_t threads[4];
  turn = 0;
  for (long i = 0; i < 4; i++)
    CHECK(pthread_create(&threads[i], NULL, take_turns, (void *)i) == 0);
  for (int i = 0; i < 4; i++)
    CHECK(pthread_join(threads[i], NULL) == 0);
  CHECK(turn == 800);
  return 0;
}

static int timed_wait_times_out(void) {
  struct timespec until, now;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_nsec += 20000000;
  if (until.tv_nsec >= 1000000000) {
    until.tv_sec++;
    until.tv_nsec -= 1000000000;
  }
  pthread_mutex_lock(&mutex);
  int result = pthread_cond_timedwait(&condition, &mutex, &until);
  pthread_mutex_unlock(&mutex);
  clock_gettime(CLOCK_REALTIME, &now);
  CHECK(result == ETIMEDOUT);
  CHECK(now.tv_sec > until.tv_sec || (now.tv_sec == until.tv_sec && now.tv_nsec >= until.tv_nsec));
  return 0;
}

static __thread int local = 5;
static void *change_local(void *argument) {
  local += (int)(long)argument;
  sched_yield();
  return (void *)(long)local;
}

static int thread_locals_are_local(void) {
  pthread_t threads[kThreads];
  for (long i = 0; i < kThreads; i++)
    CHECK(pthread_create(&threads[i], NULL, change_local, (void *)i) == 0);
  for (long i = 0; i < kThreads; i++) {
    void *result;
    CHECK(pthread_join(threads[i], &result) == 0 && result == (void *)(i + 5));
  }
  CHECK(local == 5);
  return 0;
}

static void *die_with_mutex(void *argument) {
  pthread_mutex_lock(argument);
  return NULL;
}

static int robust_mutex_tells_owner_died(void) {
  pthread_mutex_t robust;
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
  CHECK(pthread_mutex_init(&robust, &attributes) == 0);
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, die_with_mutex, &robust) == 0 && pthread_join(thread, NULL) == 0);
  CHECK(pthread_mutex_lock(&robust) == EOWNERDEAD);
  CHECK(pthread_mutex_consistent(&robust) == 0 && pthread_mutex_unlock(&robust) == 0);
  return 0;
}

static int semaphore_between_processes(void) {
  struct shared {
    sem_t ping, pong;
    int value;
  } *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  CHECK(shared != MAP_FAILED && sem_init(&shared->ping, 1, 0) == 0 && sem_init(&shared->pong, 1, 0) == 0);
  pid_t child = fork();
  if (!child) {
    for (int i = 0; i < 100; i++) {
      sem_wait(&shared->ping);
      shared->value++;
      sem_post(&shared->pong);
    }
    _exit(0);
  }
  for (int i = 0; i < 100; i++) {
    CHECK(sem_post(&shared->ping) == 0 && sem_wait(&shared->pong) == 0);
    CHECK(shared->value == i + 1);
  }
  int status;
  CHECK(waitpid(child, &status, 0) == child && status == 0);
  munmap(shared, sizeof(*shared));
  return 0;
}

static int futex_checks_value(void) {
  uint32_t word = 1;
  CHECK_FAILS(syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 2, NULL), EAGAIN);
  CHECK_FAILS(syscall(SYS_futex, (char *)&word + 1, FUTEX_WAIT_PRIVATE, 2, NULL), EINVAL);
  CHECK_FAILS(syscall(SYS_futex, (uint32_t *)16, FUTEX_WAIT_PRIVATE, 2, NULL), EFAULT);
  CHECK(syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1) == 0);
  struct timespec soon = {0, 10000000};
  CHECK_FAILS(syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 1, &soon), ETIMEDOUT);
  return 0;
}

static uint32_t gate_a, gate_b;
static atomic_int waiting, passed;
static void *wait_at_gate(void *argument) {
  atomic_fetch_add(&waiting, 1);
  if (syscall(SYS_futex, &gate_a, FUTEX_WAIT_PRIVATE, 0, NULL) == 0)
    atomic_fetch_add(&passed, 1);
  return argument;
}

static int requeue_moves_waiters(void) {
  pthread_t threads[4];
  for (int i = 0; i < 4; i++)
    CHECK(pthread_create(&threads[i], NULL, wait_at_gate, NULL) == 0);
  while (waiting < 4)
    sched_yield();
  usleep(20000);
  CHECK(syscall(SYS_futex, &gate_a, FUTEX_CMP_REQUEUE_PRIVATE, 1, 3L, &gate_b, 0) == 4);
  CHECK(syscall(SYS_futex, &gate_a, FUTEX_WAKE_PRIVATE, 10) == 0);
  usleep(20000);
  CHECK(passed == 1);
  CHECK(syscall(SYS_futex, &gate_b, FUTEX_WAKE_PRIVATE, 10) == 3);
  for (int i = 0; i < 4; i++)
    CHECK(pthread_join(threads[i], NULL) == 0);
  CHECK(passed == 4);
  return 0;
}

static void *spin(void *argument) {
  for (;;)
    atomic_fetch_add(&waiting, 1);
  return argument;
}

static int exit_group_ends_all_threads(void) {
  pid_t child = fork();
  if (!child) {
    pthread_t thread;
    for (int i = 0; i < 4; i++)
      if (pthread_create(&thread, NULL, spin, NULL))
        _exit(1);
    usleep(10000);
    exit(9);
  }
  int status;
  CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 9);
  return 0;
}

static void *exec_from_thread(void *argument) {
  execl("/proc/self/exe", "threads", "--exec", (char *)NULL);
  return argument;
}

static int exec_from_a_thread(void) {
  pid_t child = fork();
  if (!child) {
    pthread_t thread;
    pthread_create(&thread, NULL, spin, NULL);
    pthread_create(&thread, NULL, exec_from_thread, NULL);
    pthread_join(thread, NULL);
    _exit(1);
  }
  int status;
  CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 12);
  return 0;
}

static void *create_and_join(void *argument) {
  for (int i = 0; i < 50; i++) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, change_local, NULL) || pthread_join(thread, NULL))
      return (void *)1;
  }
  return argument;
}

static int threads_come_and_go_everywhere(void) {
  pthread_t threads[kThreads];
  for (int i = 0; i < kThreads; i++)
    CHECK(pthread_create(&threads[i], NULL, create_and_join, NULL) == 0);
  for (int i = 0; i < kThreads; i++) {
    void *result;
    CHECK(pthread_join(threads[i], &result) == 0 && !result);
  }
  return 0;
}

/* A thread runs where it may, at once when it is the caller; its children begin with its mask. */
static void *stay_on_hart(void *argument) {
  long hart = (long)argument, wrong = 0;
  for (int i = 0; i < 200; i++) {
    wrong += sched_getcpu() != hart;
    if (i % 20 == 0)
      usleep(1000);
  }
  return (void *)wrong;
}

static int threads_stay_on_their_harts(void) {
  cpu_set_t all, one;
  CHECK(sched_getaffinity(0, sizeof(all), &all) == 0);
  pthread_t threads[kThreads];
  for (long i = 0; i < kThreads; i++) {
    long hart = i % CPU_COUNT(&all);
    CPU_ZERO(&one);
    CPU_SET(hart, &one);
    CHECK(sched_setaffinity(0, sizeof(one), &one) == 0 && sched_getcpu() == hart);
    CHECK(pthread_create(&threads[i], NULL, stay_on_hart, (void *)hart) == 0);
  }
  CHECK(sched_getaffinity(0, sizeof(one), &one) == 0 && CPU_COUNT(&one) == 1);
  CHECK(sched_setaffinity(0, sizeof(all), &all) == 0);
  for (int i = 0; i < kThreads; i++) {
    void *wrong;
    CHECK(pthread_join(threads[i], &wrong) == 0 && !wrong);
  }
  CPU_ZERO(&one);
  CPU_SET(40, &one);
  CHECK_FAILS(sched_setaffinity(0, sizeof(one), &one), EINVAL);
  CHECK_FAILS(sched_setaffinity(30000, sizeof(all), &all), ESRCH);
  if (CPU_COUNT(&all) == 1)
    return 0;
  /* one that waits for its turn, or runs, is moved */
  pid_t busy = fork();
  if (!busy)
    for (;;)
      if (sched_getcpu() == CPU_COUNT(&all) - 1 && sched_getaffinity(0, sizeof(one), &one) == 0 &&
          CPU_COUNT(&one) == 1)
        _exit(0);
  usleep(5000);
  CPU_ZERO(&one);
  CPU_SET(CPU_COUNT(&all) - 1, &one);
  int status;
  CHECK(sched_setaffinity(busy, sizeof(one), &one) == 0 && waitpid(busy, &status, 0) == busy && status == 0);
  return 0;
}

static void *look_at_itself(void *argument) {
  char path[64], line[64] = "", expected[64];
  int tid = (int)syscall(SYS_gettid);
  prctl(PR_SET_NAME, "looker");
  snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
  snprintf(expected, sizeof(expected), "%d (looker) ", tid);
  FILE *file = fopen(path, "r");
  long right = file && fgets(line, sizeof(line), file) && !strncmp(line, expected, strlen(expected));
  if (file)
    fclose(file);
  DIR *directory = opendir("/proc/self/task");
  for (struct dirent *entry; directory && (entry = readdir(directory));)
    right += atoi(entry->d_name) == tid || atoi(entry->d_name) == getpid() ? 10 : 0;
  if (directory)
    closedir(directory);
  return (void *)right;
}

static int threads_are_listed(void) {
  pthread_t thread;
  void *right;
  CHECK(pthread_create(&thread, NULL, look_at_itself, NULL) == 0 && pthread_join(thread, &right) == 0);
  CHECK((long)right == 21);
  CHECK(access("/proc/self/task/1/stat", F_OK) == -1 && errno == ENOENT);
  return 0;
}

/* A process has one table of descriptors: its threads can't have their own while others use it. */
static atomic_int stop_writing;
static void *write_on(void *argument) {
  int fd = *(int *)argument;
  while (!stop_writing)
    if (write(fd, "x", 1) != 1)
      return (void *)1;
  return NULL;
}

static int descriptors_are_not_parted_among_threads(void) {
  int fd = open("/dev/null", O_WRONLY);
  pthread_t thread;
  void *failed;
  CHECK(fd >= 0 && pthread_create(&thread, NULL, write_on, &fd) == 0);
  for (int i = 0; i < 200; i++) {
    CHECK_FAILS(syscall(SYS_close_range, 900, 901, 2 /* CLOSE_RANGE_UNSHARE */), EINVAL);
    CHECK_FAILS(unshare(CLONE_FILES | CLONE_FS), EINVAL);
  }
  stop_writing = 1;
  CHECK(pthread_join(thread, &failed) == 0 && !failed);
  pid_t child = fork(); /* alone, it may */
  if (!child)
    _exit(syscall(SYS_close_range, 900, 901, 2) || unshare(CLONE_FILES | CLONE_FS));
  int status;
  CHECK(waitpid(child, &status, 0) == child && status == 0);
  return close(fd);
}

static int policies_are_kept(void) {
  struct sched_param parameter = {.sched_priority = 7};
  CHECK(syscall(SYS_sched_setscheduler, 0, SCHED_RR, &parameter) == 0);
  pid_t child = fork();
  if (!child)
    _exit(syscall(SYS_sched_getscheduler, 0) != SCHED_RR);
  int status;
  CHECK(waitpid(child, &status, 0) == child && status == 0);
  parameter.sched_priority = 0;
  CHECK_FAILS(syscall(SYS_sched_setparam, 0, &parameter), EINVAL);
  CHECK(syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, &parameter) == 0);
  CHECK(syscall(SYS_sched_get_priority_max, SCHED_FIFO) == 99);
  return 0;
}

int main(int argc, char **argv) {
  if (argc > 1 && !strcmp(argv[1], "--exec"))
    return getpid() == syscall(SYS_gettid) ? 12 : 13;
  static const struct test_case cases[] = {
      {"mutex excludes", mutex_excludes},
      {"conditions wake", conditions_wake},
      {"timed wait times out", timed_wait_times_out},
      {"thread locals are local", thread_locals_are_local},
      {"robust mutex tells owner died", robust_mutex_tells_owner_died},
      {"semaphore between processes", semaphore_between_processes},
      {"futex checks value", futex_checks_value},
      {"requeue moves waiters", requeue_moves_waiters},
      {"exit group ends all threads", exit_group_ends_all_threads},
      {"exec from a thread", exec_from_a_thread},
      {"threads come and go everywhere", threads_come_and_go_everywhere},
      {"threads stay on their harts", threads_stay_on_their_harts},
      {"descriptors are not parted among threads", descriptors_are_not_parted_among_threads},
      {"threads are listed", threads_are_listed},
      {"policies are kept", policies_are_kept},
  };
  return RUN_CASES("threads", cases);
}
