/* SPDX-License-Identifier: MIT OR Apache-2.0
 *   attachall OBJECT
 * Attaches every program of an object where its section says, makes some calls, and says how often each ran. */
#define _GNU_SOURCE
#include "abi/attr.h"
#include "abi/info.h"
#include "bpf_object.h"
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { kInfo = 15, kEnableStats = 32, kMaxLinks = 32 };

static uint64_t runs_of(int program) {
  struct kbpf_prog_info info = {0};
  struct kbpf_attr_info_by_fd attr = {(uint32_t)program, sizeof(info), (uintptr_t)&info};
  return syscall(SYS_bpf, kInfo, &attr, sizeof(attr)) ? UINT64_MAX : info.run_cnt;
}

static int fail(const char *what) {
  printf("%s: %s\n", what, bpf_object__error());
  return 1;
}

int main(int argc, char **argv) {
  struct bpf_object *object = argc == 2 ? bpf_object__open(argv[1]) : NULL;
  if (!object || bpf_object__load(object))
    return fail("load");
  struct kbpf_attr_enable_stats stats = {0};
  if (syscall(SYS_bpf, kEnableStats, &stats, sizeof(stats)) < 0)
    return perror("statistics"), 1;
  struct bpf_link *links[kMaxLinks];
  int count = 0;
  struct bpf_program *program;
  bpf_object__for_each_program(program, object) {
    if (count == kMaxLinks || !(links[count] = bpf_program__attach(program)))
      return fail(bpf_program__name(program));
    count++;
  }
  for (int i = 0; i < 2; i++) {
    syscall(SYS_getpgid, 0);
    syscall(SYS_getsid, 0);
  }
  bpf_object__for_each_program(program, object)
    printf("%s at %s: %s\n", bpf_program__name(program), bpf_program__attach_target(program),
           runs_of(bpf_program__fd(program)) >= 2 ? "ran" : "did not run");
  int failed = 0;
  while (count > 0)
    failed += bpf_link__destroy(links[--count]) != 0;
  printf("%d not detached\n", failed);
  bpf_object__close(object);
  return 0;
}
