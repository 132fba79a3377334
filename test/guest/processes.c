/* SPDX-License-Identifier: MIT OR Apache-2.0
 * fork, execve, wait, exit: families of processes, what they share and what they don't. */
#define _GNU_SOURCE
#include "check.h"
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;
static const char *self;

static int exit_status_reaches_parent(void) {
  pid_t child = fork();
  CHECK(child >= 0);
  if (!child)
    _exit(42);
  int status;
  CHECK(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 42);
  CHECK_FAILS(waitpid(child, &status, 0), ECHILD);
  return 0;
}

static int memory_is_copied(void) {
  volatile int value = 1;
  pid_t child = fork();
  if (!child) {
    value = 2;
    _exit(value == 2 ? 0 : 1);
  }
  int status;
  CHECK(waitpid(child, &status, 0) == child && status == 0);
  CHECK(value == 1);
  return 0;
}

static int many_children(void) {
  for (int i = 0; i < 40; i++) {
    pid_t child = fork();
    CHECK(child >= 0);
    if (!child)
      _exit(i);
  }
  int sum = 0, status;
  for (int i = 0; i < 40; i++) {
    CHECK(wait(&status) > 0 && WIFEXITED(status));
    sum += WEXITSTATUS(status);
  }
  CHECK(sum == 40 * 39 / 2);
  CHECK_FAILS(wait(&status), ECHILD);
  return 0;
}

static int killed_child_reports_signal(void) {
  pid_t child = fork();
  if (!child)
    for (;;)
      pause();
  CHECK(kill(child, SIGTERM) == 0);
  int status;
  CHECK(waitpid(child, &status, 0) == child);
  CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
  return 0;
}

static int busy_child_can_be_killed(void) {
  pid_t child = fork();
  if (!child)
    for (volatile unsigned long n = 0;; n++)
      ;
  usleep(20000);
  CHECK(kill(child, SIGKILL) == 0);
  int status;
  CHECK(waitpid(child, &status, 0) == child && WTERMSIG(status) == SIGKILL);
  return 0;
}

static int stop_and_continue(void) {
  pid_t child = fork();
  if (!child)
    for (;;)
      pause();
  int status;
  CHECK(kill(child, SIGSTOP) == 0);
  CHECK(waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
  CHECK(kill(child, SIGCONT) == 0);
  CHECK(waitpid(child, &status, WCONTINUED) == child && WIFCONTINUED(status));
  CHECK(kill(child, SIGKILL) == 0);
  CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status));
  return 0;
}

static int no_hang_returns_zero(void) {
  pid_t child = fork();
  if (!child)
    for (;;)
      pause();
  int status;
  CHECK(waitpid(child, &status, WNOHANG) == 0);
  siginfo_t info;
  kill(child, SIGKILL);
  CHECK(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT) == 0);
  CHECK(info.si_pid == child && info.si_code == CLD_KILLED && info.si_status == SIGKILL);
  CHECK(waitpid(child, &status, 0) == child);
  return 0;
}

static int orphans_go_to_init(void) {
  int ends[2];
  CHECK(pipe(ends) == 0);
  pid_t child = fork();
  if (!child) {
    if (!fork()) {
      while (getppid() != 1)
        usleep(1000);
      _exit(write(ends[1], "x", 1) != 1);
    }
    _exit(0);
  }
  char byte;
  CHECK(waitpid(child, NULL, 0) == child);
  CHECK(read(ends[0], &byte, 1) == 1);
  close(ends[0]);
  close(ends[1]);
  return 0;
}

static int exec_passes_arguments(void) {
  pid_t child = fork();
  if (!child) {
    char *arguments[] = {"name", "--exec-child", "two words", NULL};
    char *variables[] = {"COLOUR=blue", NULL};
    execve(self, arguments, variables);
    _exit(1);
  }
  int status;
  CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 33);
  return 0;
}

static int exec_of_nothing_fails(void) {
  char *arguments[] = {"x", NULL};
  CHECK_FAILS(execve("/no/such", arguments, environ), ENOENT);
  CHECK_FAILS(execve("/", arguments, environ), EACCES);
  int fd = open("/tmp/noexec", O_CREAT | O_WRONLY, 0644);
  CHECK(fd >= 0 && write(fd, "garbage", 7) == 7 && close(fd) == 0);
  CHECK_FAILS(execve("/tmp/noexec", arguments, environ), EACCES);
  CHECK(unlink("/tmp/noexec") == 0);
  fd = open("/tmp/badexec", O_CREAT | O_WRONLY, 0755);
  CHECK(fd >= 0 && write(fd, "garbage", 7) == 7 && close(fd) == 0);
  CHECK_FAILS(execve("/tmp/badexec", arguments, environ), ENOEXEC);
  CHECK(unlink("/tmp/badexec") == 0);
  return 0;
}

static int script_runs_its_interpreter(void) {
  int fd = open("/tmp/script", O_CREAT | O_WRONLY | O_TRUNC, 0755);
  char line[300];
  int size = snprintf(line, sizeof(line), "#! %s --script-child\nanything\n", self);
  CHECK(fd >= 0 && write(fd, line, (size_t)size) == size && close(fd) == 0);
  pid_t child = fork();
  if (!child) {
    execl("/tmp/script", "ignored", "last", (char *)NULL);
    _exit(1);
  }
  int status;
  CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 34);
  CHECK(unlink("/tmp/script") == 0);
  return 0;
}

static int close_on_exec(void) {
  int kept = open("/dev/null", O_RDONLY), closed = open("/dev/null", O_RDONLY | O_CLOEXEC);
  pid_t child = fork();
  if (!child) {
    char first[12], second[12];
    snprintf(first, sizeof(first), "%d", kept);
    snprintf(second, sizeof(second), "%d", closed);
    execl(self, self, "--fds-child", first, second, (char *)NULL);
    _exit(1);
  }
  int status;
  CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 35);
  close(kept);
  close(closed);
  return 0;
}

static int spawn_and_vfork(void) {
  pid_t child;
  char *arguments[] = {(char *)self, "--exit-child", NULL};
  CHECK(posix_spawn(&child, self, NULL, NULL, arguments, environ) == 0);
  int status;
  CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 36);
  child = vfork();
  if (!child) {
    execv(self, arguments);
    _exit(1);
  }
  CHECK(waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 36);
  CHECK(posix_spawn(&child, "/no/such", NULL, NULL, arguments, environ) == ENOENT);
  return 0;
}

static int groups_and_sessions(void) {
  pid_t child = fork();
  if (!child) {
    if (setpgid(0, 0) || getpgrp() != getpid() || setsid() != -1 || errno != EPERM)
      _exit(1);
    if (fork() == 0)
      _exit(setsid() == getpid() && getsid(0) == getpid() && getpgrp() == getpid() ? 0 : 1);
    int status;
    wait(&status);
    _exit(WEXITSTATUS(status));
  }
  int status;
  CHECK(waitpid(child, &status, 0) == child && status == 0);
  return 0;
}

static int groups_open_files(void) {
  gid_t groups[] = {5, 6}, got[4];
  int fd = open("/tmp/of-group", O_CREAT | O_WRONLY, 0640), status;
  CHECK(fd >= 0 && fchown(fd, 0, 6) == 0 && close(fd) == 0);
  for (int in_group = 0; in_group < 2; in_group++) {
    pid_t child = fork();
    if (!child) {
      if (setgroups(in_group ? 2 : 1, groups) || setgid(1000) || setuid(1000))
        _exit(1);
      _exit((open("/tmp/of-group", O_RDONLY) >= 0) != in_group);
    }
    CHECK(waitpid(child, &status, 0) == child && status == 0);
  }
  CHECK(setgroups(2, groups) == 0 && getgroups(0, NULL) == 2 && getgroups(4, got) == 2 && got[1] == 6);
  CHECK_FAILS(getgroups(1, got), EINVAL);
  return setgroups(0, NULL) || unlink("/tmp/of-group");
}

static int descriptor_of_a_process(void) {
  pid_t child = fork();
  if (!child)
    for (;;)
      pause();
  int fd = (int)syscall(SYS_pidfd_open, child, 0), status;
  CHECK(fd >= 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC);
  struct pollfd wait = {fd, POLLIN, 0};
  siginfo_t info;
  CHECK(poll(&wait, 1, 20) == 0 && syscall(SYS_pidfd_send_signal, fd, SIGTERM, NULL, 0) == 0);
  CHECK(poll(&wait, 1, 5000) == 1 && wait.revents == POLLIN);
  CHECK(waitid((idtype_t)3 /* P_PIDFD */, (id_t)fd, &info, WEXITED) == 0 && info.si_pid == child);
  CHECK(info.si_code == CLD_KILLED && info.si_status == SIGTERM);
  CHECK_FAILS(syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0), ESRCH);
  CHECK_FAILS(waitpid(child, &status, 0), ECHILD);
  CHECK_FAILS(syscall(SYS_pidfd_open, child, 0), ESRCH);
  CHECK_FAILS(syscall(SYS_pidfd_send_signal, 0, 0, NULL, 0), EBADF);
  return close(fd);
}

static int orphans_go_to_a_subreaper(void) {
  CHECK(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0);
  pid_t child = fork();
  if (!child) {
    if (!fork()) { /* told of its parent's end */
      sigset_t set;
      sigemptyset(&set);
      sigaddset(&set, SIGUSR1);
      sigprocmask(SIG_BLOCK, &set, NULL);
      prctl(PR_SET_PDEATHSIG, SIGUSR1, 0, 0, 0);
      siginfo_t info;
      kill(getppid(), SIGKILL);
      _exit(sigwaitinfo(&set, &info) == SIGUSR1 ? 44 : 1);
    }
    for (;;)
      pause();
  }
  int status;
  CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status));
  CHECK(wait(&status) > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 44);
  return prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
}

int main(int argc, char **argv) {
  self = argv[0][0] == '/' ? argv[0] : "/proc/self/exe";
  if (argc > 1 && !strcmp(argv[1], "--exec-child"))
    return argc == 3 && !strcmp(argv[0], "name") && !strcmp(argv[2], "two words") && getenv("COLOUR") &&
                   !strcmp(getenv("COLOUR"), "blue") && !getenv("PATH")
               ? 33
               : 1;
  if (argc > 1 && !strcmp(argv[1], "--script-child"))
    return argc == 4 && !strcmp(argv[2], "/tmp/script") && !strcmp(argv[3], "last") ? 34 : 1;
  if (argc > 1 && !strcmp(argv[1], "--fds-child"))
    return fcntl(atoi(argv[2]), F_GETFD) == 0 && fcntl(atoi(argv[3]), F_GETFD) == -1 && errno == EBADF ? 35
                                                                                                       : 1;
  if (argc > 1 && !strcmp(argv[1], "--exit-child"))
    return 36;
  static const struct test_case cases[] = {
      {"exit status reaches parent", exit_status_reaches_parent},
      {"memory is copied", memory_is_copied},
      {"many children", many_children},
      {"killed child reports signal", killed_child_reports_signal},
      {"busy child can be killed", busy_child_can_be_killed},
      {"stop and continue", stop_and_continue},
      {"no hang returns zero", no_hang_returns_zero},
      {"orphans go to init", orphans_go_to_init},
      {"exec passes arguments", exec_passes_arguments},
      {"exec of nothing fails", exec_of_nothing_fails},
      {"script runs its interpreter", script_runs_its_interpreter},
      {"close on exec", close_on_exec},
      {"spawn and vfork", spawn_and_vfork},
      {"groups and sessions", groups_and_sessions},
      {"groups open files", groups_open_files},
      {"descriptor of a process", descriptor_of_a_process},
      {"orphans go to a subreaper", orphans_go_to_a_subreaper},
  };
  return RUN_CASES("processes", cases);
}
