/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Prints the retired instructions of operations in programs: runs those of mapops.bpf.c, pinned by bpftool,
 * by BPF_PROG_TEST_RUN, and takes from each one the run without the operation. For QEMU with -icount, where
 * the figures repeat to the instruction (mapops.py). */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { kRounds = 512, kTailCalls = 33, kRuns = 8, kCalls = 15 };
enum { kMapUpdate = 2, kObjGet = 7, kTestRun = 10 };

static uint64_t counter(void) {
  uint64_t value;
  __asm__ volatile("rdinstret %0" : "=r"(value)::"memory");
  return value;
}
static long bpf(int command, void *attr, unsigned size) {
  long result = syscall(SYS_bpf, command, attr, size);
  if (result < 0) {
    perror("bpf");
    exit(1);
  }
  return result;
}
static uint32_t open_pin(const char *folder, const char *name) {
  char path[64];
  snprintf(path, sizeof(path), "/sys/fs/bpf/%s/%s", folder, name);
  struct {
    uint64_t path;
    uint32_t fd, flags;
  } attr = {.path = (uintptr_t)path};
  return (uint32_t)bpf(kObjGet, &attr, sizeof(attr));
}
static int compare(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return x < y ? -1 : x > y;
}
/* Of a call that runs the program that often, the median of many. */
static double cost_of_call(uint32_t fd, uint32_t repeat) {
  static char packet[64];
  uint64_t costs[kCalls];
  struct {
    uint32_t fd, retval, size_in, size_out;
    uint64_t in, out;
    uint32_t repeat, rest[9];
  } attr = {.fd = fd, .size_in = sizeof(packet), .in = (uintptr_t)packet, .repeat = repeat};
  for (int i = 0; i < kCalls; i++) {
    uint64_t before = counter();
    bpf(kTestRun, &attr, sizeof(attr));
    costs[i] = counter() - before;
  }
  qsort(costs, kCalls, sizeof(costs[0]), compare);
  return (double)costs[kCalls / 2];
}
/* Of one run of the program, without what the call costs. */
static double cost_of(const char *program) {
  uint32_t fd = open_pin("programs", program);
  double cost = (cost_of_call(fd, 1 + kRuns) - cost_of_call(fd, 1)) / kRuns;
  close((int)fd);
  return cost;
}

int main(void) {
  static const char *const operations[][2] = {
      {"hash_update", "keyed"},
      {"hash_lookup", "keyed"},
      {"array_lookup", "keyed4"},
      {"array_increment", "pinned"},
      {"percpu_increment", "pinned"},
      {"ring_submit", "bare"},
      {"time", "bare"},
      {"call", "bare"},
  };
  for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++)
    printf("%s %.2f\n", operations[i][0], (cost_of(operations[i][0]) - cost_of(operations[i][1])) / kRounds);
  /* Once with the slot empty: that call fails as the last one of the chain does. */
  double without = cost_of("tail");
  uint32_t key = 0, target = open_pin("programs", "tail");
  struct {
    uint32_t fd, pad;
    uint64_t key, value, flags;
  } slot = {.fd = open_pin("maps", "targets"), .key = (uintptr_t)&key, .value = (uintptr_t)&target};
  bpf(kMapUpdate, &slot, sizeof(slot));
  printf("tail %.1f\n", (cost_of("tail") - without) / kTailCalls);
  return 0;
}
