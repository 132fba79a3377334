/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Retired instructions of a system call, user side included: the median of many, less what reading the
 * counter costs. For QEMU with -icount, where the figures repeat to the instruction. */
#ifndef BENCH_RETIRED_H
#define BENCH_RETIRED_H
#include <stdint.h>
#include <stdlib.h>

enum { kRounds = 201 };
static inline uint64_t counter(void) {
  uint64_t value;
  __asm__ volatile("rdinstret %0" : "=r"(value)::"memory");
  return value;
}
static inline long call3(long number, long a, long b, long c) {
  register long a0 __asm__("a0") = a;
  register long a1 __asm__("a1") = b;
  register long a2 __asm__("a2") = c;
  register long a7 __asm__("a7") = number;
  __asm__ volatile("ecall" : "+r"(a0) : "r"(a1), "r"(a2), "r"(a7) : "memory");
  return a0;
}
static inline int compare(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return x < y ? -1 : x > y;
}
static inline uint64_t measure(long number, long a, long b, long c) {
  static uint64_t costs[kRounds];
  for (int i = 0; i < kRounds; i++) {
    uint64_t before = counter();
    call3(number, a, b, c);
    costs[i] = counter() - before;
  }
  qsort(costs, kRounds, sizeof(costs[0]), compare);
  return costs[kRounds / 2];
}
#endif
