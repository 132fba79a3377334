/* SPDX-License-Identifier: MIT OR Apache-2.0
 * The user side of traced.bpf.c through its skeleton: bpfcc's and this project's library, or with LIBBPF bpftool's and
 * Debian's libbpf. Both attach every program. */
#ifdef LIBBPF
#include <linux/types.h>
struct seen { /* bpftool's skeletons do not define the types of variables */
  __u64 runs, words[3], result, cookie, function;
};
#endif
#include "traced.skel.h"
#include <errno.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static long getsid_of(int pid) {
  long result = syscall(SYS_getsid, pid);
  return result < 0 ? -errno : result;
}

static pid_t run_program(void) {
  pid_t child = fork();
  if (child == 0) {
    execl("/bin/traced", "traced", "child", NULL);
    _exit(1);
  }
  int status;
  waitpid(child, &status, 0);
  return child;
}

int main(int argc, char **argv) {
  (void)argv;
  if (argc > 1)
    return 0;
  struct traced *skeleton = traced__open();
  if (!skeleton)
    return perror("open"), 1;
  skeleton->rodata->wanted_pid = getpid();
  if (traced__load(skeleton) || traced__attach(skeleton)) {
#ifndef LIBBPF
    printf("%s\n", bpf_object__error());
#endif
    return perror("load or attach"), 1;
  }
  for (int i = 0; i < 3; i++)
    syscall(SYS_getpgid, 0);
  syscall(SYS_getpgid, 77777);
  const long other = getsid_of(0), changed = getsid_of(12345);
  const pid_t child = run_program();
  struct traced__bss *seen = skeleton->bss;
#define LL(value) ((long long)(value))
  printf("entry: %lld runs, argument %lld, told %d: %lld and %ld, function %s\n", LL(seen->getpgid_in.runs),
         LL(seen->getpgid_in.words[0]), seen->told_words, LL(seen->told_argument), (long)seen->no_argument,
         seen->getpgid_in.function ? "known" : "unknown");
  printf("return: %lld runs, argument %lld, result %lld, told %lld\n", LL(seen->getpgid_out.runs),
         LL(seen->getpgid_out.words[0]), LL(seen->getpgid_out.result), LL(seen->told_result));
  printf("instead: %s, %ld; seen %lld times, the last of %lld with %lld\n", other > 0 ? "as ever" : "changed",
         changed, LL(seen->getsid_out.runs), LL(seen->getsid_out.words[0]), LL(seen->getsid_out.result));
  printf("events: %lld calls, argument %lld; %s; %lld programs, the child %d\n", LL(seen->call_in.runs),
         LL(seen->call_in.words[0]), seen->call_out.runs > 6 ? "returns" : "no returns", LL(seen->exec.runs),
         seen->exec_pid == child);
  printf("tracepoint: %lld\n", LL(seen->getpgid_event.runs));
  traced__detach(skeleton);
  syscall(SYS_getpgid, 0);
  printf("detached: %lld, %ld\n", LL(seen->getpgid_in.runs + seen->call_in.runs + seen->getpgid_event.runs),
         getsid_of(12345));
  traced__destroy(skeleton);
  return 0;
}
