/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Prints, for each program of /probes.o, the retired instructions that it adds to getppid(2) where it is
 * attached (probes.py). */
#define _GNU_SOURCE
#include "bpf_object.h"
#include "retired.h"
#include <stdio.h>
#include <sys/syscall.h>

int main(void) {
  struct bpf_object *object = bpf_object__open("/probes.o");
  if (!object || bpf_object__load(object))
    return printf("%s\n", bpf_object__error()), 1;
  const uint64_t without = measure(SYS_getppid, 0, 0, 0);
  printf("getppid %lu\n", without);
  struct bpf_program *program;
  bpf_object__for_each_program(program, object) {
    struct bpf_link *link = bpf_program__attach(program);
    if (!link)
      return printf("%s\n", bpf_object__error()), 1;
    printf("%s %lu\n", bpf_program__name(program), measure(SYS_getppid, 0, 0, 0) - without);
    bpf_link__destroy(link);
  }
  return 0;
}
