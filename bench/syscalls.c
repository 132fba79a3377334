/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Prints the retired instructions of single system calls (syscalls.py). */
#define _GNU_SOURCE
#include "retired.h"
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void) {
  struct {
    uint32_t type, key_size, value_size, max_entries, flags, rest[20];
  } map = {.type = 1, .key_size = 8, .value_size = 8, .max_entries = 1024};
  uint64_t key = 42, value = 7;
  long fd = syscall(SYS_bpf, 0, &map, sizeof(map));
  struct {
    uint32_t fd, pad;
    uint64_t key, value, flags;
  } element = {(uint32_t)fd, 0, (uintptr_t)&key, (uintptr_t)&value, 0};
  if (fd < 0 || syscall(SYS_bpf, 2, &element, sizeof(element)) != 0)
    return perror("bpf"), 1;
  printf("getppid %lu\n", measure(SYS_getppid, 0, 0, 0));
  printf("bpf lookup %lu\n", measure(SYS_bpf, 1, (long)&element, sizeof(element)));
  printf("bpf update %lu\n", measure(SYS_bpf, 2, (long)&element, sizeof(element)));
  return value != 7;
}
