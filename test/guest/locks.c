/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Record locks of fcntl: ranges, owners, waiting, circles of waiters; and those of open file descriptions. */
#define _GNU_SOURCE
#include "check.h"
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const path = "/tmp/locked";

static int set(int fd, int command, short type, off_t start, off_t length) {
  struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length};
  return fcntl(fd, command, &lock);
}

/* What another process would find at [start, start + length): the type, start and length packed. */
struct conflict {
  short type;
  off_t start, length;
  pid_t pid;
};
static struct conflict seen_by_child(off_t start, off_t length) {
  struct conflict result = {.type = -1};
  int ends[2];
  if (pipe(ends))
    return result;
  if (!fork()) {
    int fd = open(path, O_RDWR);
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = start, .l_len = length};
    struct conflict found = {.type = -2};
    if (fcntl(fd, F_GETLK, &lock) == 0)
      found = (struct conflict){lock.l_type, lock.l_start, lock.l_len, lock.l_pid};
    _exit(write(ends[1], &found, sizeof(found)) != (ssize_t)sizeof(found));
  }
  if (read(ends[0], &result, sizeof(result)) != (ssize_t)sizeof(result))
    result.type = -3;
  close(ends[0]), close(ends[1]);
  wait(NULL);
  return result;
}
static int shows(struct conflict found, short type, off_t start, off_t length) {
  return found.type == type && (type == F_UNLCK || (found.start == start && found.length == length));
}

static int others_see_ranges(void) {
  int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
  CHECK(set(fd, F_SETLK, F_WRLCK, 10, 10) == 0);
  struct conflict found = seen_by_child(0, 100);
  CHECK(shows(found, F_WRLCK, 10, 10) && found.pid == getpid());
  CHECK(shows(seen_by_child(0, 10), F_UNLCK, 0, 0));
  CHECK(shows(seen_by_child(20, 0), F_UNLCK, 0, 0));
  CHECK(shows(seen_by_child(19, 1), F_WRLCK, 10, 10));
  CHECK(set(fd, F_GETLK, F_WRLCK, 0, 0) == 0); /* one's own locks are in nobody's way */
  close(fd);
  return 0;
}

static int cut_and_merged(void) {
  int fd = open(path, O_RDWR);
  CHECK(set(fd, F_SETLK, F_WRLCK, 0, 0) == 0);
  CHECK(set(fd, F_SETLK, F_UNLCK, 100, 10) == 0);
  CHECK(shows(seen_by_child(0, 0), F_WRLCK, 0, 100));
  CHECK(shows(seen_by_child(105, 1), F_UNLCK, 0, 0));
  CHECK(shows(seen_by_child(105, 0), F_WRLCK, 110, 0));
  CHECK(set(fd, F_SETLK, F_RDLCK, 50, 10) == 0);
  CHECK(shows(seen_by_child(0, 0), F_WRLCK, 0, 50) && shows(seen_by_child(50, 1), F_RDLCK, 50, 10) &&
        shows(seen_by_child(60, 1), F_WRLCK, 60, 40));
  CHECK(set(fd, F_SETLK, F_WRLCK, 40, 75) == 0); /* joins what lies around and in it */
  CHECK(shows(seen_by_child(0, 0), F_WRLCK, 0, 0));
  struct flock before = {.l_type = F_UNLCK, .l_whence = SEEK_SET, .l_start = 30, .l_len = -10};
  CHECK(fcntl(fd, F_SETLK, &before) == 0); /* a negative length: what lies before start */
  CHECK(shows(seen_by_child(0, 0), F_WRLCK, 0, 20) && shows(seen_by_child(20, 0), F_WRLCK, 30, 0));
  close(fd);
  return 0;
}

static int any_close_lets_go(void) {
  int fd = open(path, O_RDWR), other = open(path, O_RDONLY);
  CHECK(set(fd, F_SETLK, F_WRLCK, 0, 1) == 0 && shows(seen_by_child(0, 0), F_WRLCK, 0, 1));
  close(other);
  CHECK(shows(seen_by_child(0, 0), F_UNLCK, 0, 0));
  close(fd);
  return 0;
}

static int not_inherited_and_gone_with_the_process(void) {
  int fd = open(path, O_RDWR);
  CHECK(set(fd, F_SETLK, F_WRLCK, 0, 1) == 0);
  pid_t child = fork();
  if (!child)
    _exit(set(fd, F_SETLK, F_RDLCK, 0, 1) == -1 && errno == EAGAIN && set(fd, F_SETLK, F_WRLCK, 1, 1) == 0 ? 0 : 1);
  int status;
  CHECK(waitpid(child, &status, 0) == child && status == 0);
  CHECK(set(fd, F_SETLK, F_WRLCK, 1, 1) == 0); /* the child's lock went with it */
  close(fd);
  return 0;
}

static int readers_share_and_writers_wait(void) {
  int fd = open(path, O_RDWR), ends[2];
  CHECK(pipe(ends) == 0 && set(fd, F_SETLK, F_RDLCK, 0, 0) == 0);
  pid_t child = fork();
  if (!child) {
    if (set(fd, F_SETLK, F_RDLCK, 0, 0) || write(ends[1], "r", 1) != 1) /* shared */
      _exit(1);
    if (set(fd, F_SETLKW, F_WRLCK, 0, 0) || write(ends[1], "w", 1) != 1)
      _exit(2);
    _exit(0);
  }
  char got[2] = "";
  CHECK(read(ends[0], got, 1) == 1 && got[0] == 'r');
  usleep(20000);
  CHECK(shows(seen_by_child(0, 0), F_RDLCK, 0, 0)); /* it waits, and still reads */
  CHECK(set(fd, F_SETLK, F_UNLCK, 0, 0) == 0);
  CHECK(read(ends[0], got, 1) == 1 && got[0] == 'w');
  int status;
  CHECK(waitpid(child, &status, 0) == child && status == 0);
  close(ends[0]), close(ends[1]), close(fd);
  return 0;
}

static void nothing(int number) { (void)number; }
static int waiting_is_interrupted(void) {
  int fd = open(path, O_RDWR);
  CHECK(set(fd, F_SETLK, F_WRLCK, 0, 0) == 0);
  pid_t child = fork();
  if (!child) {
    struct sigaction action = {.sa_handler = nothing};
    sigaction(SIGALRM, &action, NULL);
    ualarm(20000, 0);
    _exit(set(fd, F_SETLKW, F_WRLCK, 0, 0) == -1 && errno == EINTR ? 0 : 1);
  }
  int status;
  CHECK(waitpid(child, &status, 0) == child && status == 0);
  close(fd);
  return 0;
}

static int circle_is_refused(void) {
  int fd = open(path, O_RDWR), ends[2];
  char byte;
  CHECK(pipe(ends) == 0 && set(fd, F_SETLK, F_WRLCK, 0, 1) == 0);
  pid_t child = fork();
  if (!child) {
    if (set(fd, F_SETLK, F_WRLCK, 1, 1) || write(ends[1], "x", 1) != 1)
      _exit(1);
    _exit(set(fd, F_SETLKW, F_WRLCK, 0, 1) ? 2 : 0);
  }
  CHECK(read(ends[0], &byte, 1) == 1);
  usleep(20000); /* the child waits for byte 0 */
  CHECK_FAILS(set(fd, F_SETLKW, F_WRLCK, 1, 1), EDEADLK);
  CHECK(set(fd, F_SETLK, F_UNLCK, 0, 1) == 0);
  int status;
  CHECK(waitpid(child, &status, 0) == child && status == 0);
  close(ends[0]), close(ends[1]), close(fd);
  return 0;
}

static int of_descriptions(void) {
  int first = open(path, O_RDWR), second = open(path, O_RDWR);
  CHECK(set(first, F_OFD_SETLK, F_WRLCK, 0, 10) == 0);
  CHECK_FAILS(set(second, F_OFD_SETLK, F_RDLCK, 5, 1), EAGAIN);
  struct flock found = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
  CHECK(fcntl(second, F_OFD_GETLK, &found) == 0 && found.l_type == F_WRLCK && found.l_pid == -1);
  int copy = dup(first);
  close(first);
  CHECK_FAILS(set(second, F_OFD_SETLK, F_RDLCK, 5, 1), EAGAIN); /* the description is still open */
  close(copy);
  CHECK(set(second, F_OFD_SETLK, F_RDLCK, 5, 1) == 0);
  close(second);
  return 0;
}

static int wrong_calls(void) {
  int fd = open(path, O_RDONLY), writer = open(path, O_WRONLY);
  CHECK_FAILS(set(fd, F_SETLK, F_WRLCK, 0, 0), EBADF);
  CHECK_FAILS(set(writer, F_SETLK, F_RDLCK, 0, 0), EBADF);
  CHECK_FAILS(set(fd, F_SETLK, 7, 0, 0), EINVAL);
  CHECK_FAILS(set(fd, F_SETLK, F_RDLCK, -1, 0), EINVAL);
  CHECK_FAILS(set(fd, F_SETLK, F_RDLCK, 5, -6), EINVAL);
  CHECK_FAILS(fcntl(fd, F_SETLK, (struct flock *)8), EFAULT);
  struct flock with_pid = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_pid = 1};
  CHECK_FAILS(fcntl(fd, F_OFD_SETLK, &with_pid), EINVAL);
  close(fd), close(writer);
  CHECK(unlink(path) == 0);
  return 0;
}

int main(void) {
  static const struct test_case cases[] = {
      {"others see ranges", others_see_ranges},
      {"cut and merged", cut_and_merged},
      {"any close lets go", any_close_lets_go},
      {"not inherited, and gone with the process", not_inherited_and_gone_with_the_process},
      {"readers share and writers wait", readers_share_and_writers_wait},
      {"waiting is interrupted", waiting_is_interrupted},
      {"a circle is refused", circle_is_refused},
      {"locks of descriptions", of_descriptions},
      {"wrong calls", wrong_calls},
  };
  return RUN_CASES("locks", cases);
}
