/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Prints the retired instructions of single system calls, user side included: the median of many, less what
 * reading the counter costs. For QEMU with -icount, where the figures repeat to the instruction
 * (syscalls.py). */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { kRounds = 201 };
static uint64_t counter(void) {
  uint64_t value;
  __asm__ volatile("rdinstret %0" : "=r"(value)::"memory");
  return value;
}
static long call3(long number, long a, long b, long c) {
  register long a0 __asm__("a0") = a;
  register long a1 __asm__("a1") = b;
  register long a2 __asm__("a2") = c;
  register long a7 __asm__("a7") = number;
  __asm__ volatile("ecall" : "+r"(a0) : "r"(a1), "r"(a2), "r"(a7) : "memory");
  return a0;
}
static int compare(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return x < y ? -1 : x > y;
}
static uint64_t measure(long number, long a, long b, long c) {
  static uint64_t costs[kRounds];
  for (int i = 0; i < kRounds; i++) {
    uint64_t before = counter();
    call3(number, a, b, c);
    costs[i] = counter() - before;
  }
  qsort(costs, kRounds, sizeof(costs[0]), compare);
  return costs[kRounds / 2];
}

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
