/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Runs as process 1.   NUMBER: exit with it   fault: die of SIGSEGV   line: read a line from the console
 * missing: make a system call twice that no kernel has   interrupt: wait until a child dies of ^C */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int read_line(void) {
  char line[80];
  if (!fgets(line, sizeof(line), stdin))
    return 1;
  printf("got: %s", line);
  return 0;
}

static int wait_for_interrupt(void) {
  pid_t child = fork();
  if (!child) {
    setpgid(0, 0);
    for (;;)
      pause();
  }
  setpgid(child, child);
  tcsetpgrp(0, child);
  puts("type ^C");
  int status;
  waitpid(child, &status, 0);
  printf("signal %d\n", WIFSIGNALED(status) ? WTERMSIG(status) : 0);
  return 0;
}

int main(int argc, char **argv) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  const char *what = argc > 1 ? argv[1] : "0";
  if (!strcmp(what, "fault"))
    *(volatile int *)strtol("8", NULL, 0) = 1;
  if (!strcmp(what, "line"))
    return read_line();
  if (!strcmp(what, "interrupt"))
    return wait_for_interrupt();
  if (!strcmp(what, "missing"))
    return syscall(500) == -1 && syscall(500) == -1 && syscall(105, 0, 0, 0, 0) == -1 ? 0 : 1;
  return atoi(what);
}
