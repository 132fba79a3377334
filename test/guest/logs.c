/* SPDX-License-Identifier: MIT OR Apache-2.0
 * The verifier's log as BPF_PROG_LOAD gives it: which requests there are, what is kept of a log that is longer than its
 * buffer, how long it is said to be, and its statistics as tools read them. All of it holds on Linux 6.12 as well. */
#include "abi/attr.h"
#include "check.h"
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { kProgLoad = 5, kSocketFilter = 1, kPath = 1, kAll = 2, kStats = 4, kFixed = 8, kSize = 1 << 16 };
static char whole[kSize], part[kSize];
static uint32_t true_size;

struct insn {
  uint8_t code, registers;
  int16_t off;
  int32_t imm;
};
/* r0 = 0; *(u64 *)(r10 - 16) = 0; exit; with a store in between that is outside of the stack. */
static const struct insn good[] = {{0xb7, 0, 0, 0}, {0x7a, 10, -16, 0}, {0x95, 0, 0, 0}};
static const struct insn bad[] = {{0xb7, 0, 0, 0}, {0x7a, 10, -16, 0}, {0x7a, 10, -520, 0}, {0x95, 0, 0, 0}};
#define LOAD(program, level, buffer, size) load(program, sizeof(program) / sizeof(program[0]), level, buffer, size)

static int load(const struct insn *insns, uint32_t count, uint32_t level, char *buffer, uint32_t size) {
  struct kbpf_attr_prog_load attr;
  memset(&attr, 0, sizeof attr);
  attr.prog_type = kSocketFilter;
  attr.insns = (uint64_t)(uintptr_t)insns;
  attr.insn_cnt = count;
  attr.license = (uint64_t)(uintptr_t) "GPL";
  attr.log_level = level;
  attr.log_buf = (uint64_t)(uintptr_t)buffer;
  attr.log_size = size;
  const int fd = (int)syscall(SYS_bpf, kProgLoad, &attr, sizeof attr);
  const int error = errno;
  true_size = attr.log_true_size;
  if (fd >= 0)
    close(fd);
  errno = error;
  return fd;
}

/* The whole log, and how long it is. */
static size_t log_of_bad(uint32_t level) {
  memset(whole, 'x', sizeof whole);
  if (LOAD(bad, level, whole, sizeof whole) != -1 || errno != EACCES)
    return 0;
  return strlen(whole);
}

static int requests(void) {
  CHECK(LOAD(good, 0, NULL, 0) >= 0);
  CHECK_FAILS(LOAD(good, 0, whole, sizeof whole), EINVAL);
  CHECK_FAILS(LOAD(good, kPath, whole, 0), EINVAL);
  CHECK_FAILS(LOAD(good, kPath, NULL, sizeof whole), EINVAL);
  CHECK_FAILS(LOAD(good, 16, whole, sizeof whole), EINVAL);
  CHECK_FAILS(LOAD(good, kPath, whole, (UINT32_MAX >> 2) + 1), EINVAL);
  CHECK_FAILS(LOAD(good, kAll, (char *)(uintptr_t)8, sizeof whole), EFAULT);
  return 0;
}

static int length_without_buffer(void) {
  const size_t length = log_of_bad(kAll);
  CHECK(length != 0 && true_size == length + 1);
  CHECK_FAILS(LOAD(bad, kAll, NULL, 0), EACCES);
  CHECK(true_size == length + 1);
  CHECK(LOAD(good, kAll, NULL, 0) >= 0);
  CHECK(true_size > 1);
  return 0;
}

static int refusal(void) {
  const size_t length = log_of_bad(kPath);
  CHECK(length != 0 && whole[length - 1] == '\n');
  const char *statistics = strstr(whole, "\nprocessed ");
  CHECK(statistics && strchr(statistics + 1, '\n') == whole + length - 1);
  return 0;
}

/* Of a log that is too long the end is kept, and with kFixed the beginning. */
static int too_long(void) {
  const uint32_t sizes[] = {1, 2, 17, 64, 100};
  const size_t length = log_of_bad(kAll);
  CHECK(length > 100);
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    const uint32_t size = sizes[i];
    memset(part, 'x', sizeof part);
    CHECK_FAILS(LOAD(bad, kAll, part, size), ENOSPC);
    CHECK(true_size == length + 1);
    CHECK(part[size - 1] == 0 && part[size] == 'x');
    CHECK(memcmp(part, whole + length - (size - 1), size - 1) == 0);
    memset(part, 'x', sizeof part);
    CHECK_FAILS(LOAD(bad, kAll | kFixed, part, size), ENOSPC);
    CHECK(true_size == length + 1);
    CHECK(part[size - 1] == 0 && part[size] == 'x');
    CHECK(memcmp(part, whole, size - 1) == 0);
  }
  return 0;
}

static int just_long_enough(void) {
  const uint32_t size = (uint32_t)log_of_bad(kAll) + 1;
  CHECK(size > 1);
  for (uint32_t flags = 0; flags <= kFixed; flags += kFixed) {
    memset(part, 'x', sizeof part);
    CHECK_FAILS(LOAD(bad, kAll | flags, part, size), EACCES);
    CHECK(memcmp(part, whole, size) == 0 && part[size] == 'x');
    CHECK_FAILS(LOAD(bad, kAll | flags, part, size - 1), ENOSPC);
  }
  /* A program that is accepted is not loaded where its log does not fit. */
  CHECK_FAILS(LOAD(good, kAll, part, 16), ENOSPC);
  return 0;
}

static int statistics(void) {
  for (uint32_t level = 0; level <= kPath; level++) {
    CHECK(LOAD(good, kStats | level, whole, sizeof whole) >= 0);
    int end = 0, depth = 0;
    unsigned n[6];
    long long time = -1;
    CHECK(sscanf(whole,
                 "verification time %lld usec\nstack depth %d\nprocessed %u insns (limit %u) max_states_per_insn %u total_states %u "
                 "peak_states %u mark_read %u\n%n",
                 &time, &depth, &n[0], &n[1], &n[2], &n[3], &n[4], &n[5], &end) == 8);
    CHECK(whole[end] == 0 && time >= 0 && depth == 16 && n[0] == 3 && n[1] == 1000000);
  }
  /* Level 1 of what is accepted: the statistics only, without those of level 4. */
  CHECK(LOAD(good, kPath, whole, sizeof whole) >= 0);
  CHECK(strncmp(whole, "processed 3 insns ", 18) == 0);
  /* Level 2 of the same tells each instruction before. */
  CHECK(LOAD(good, kAll | kStats, whole, sizeof whole) >= 0);
  const char *time = strstr(whole, "\nverification time ");
  CHECK(time && time != whole && strstr(time, "\nprocessed 3 insns ") && strstr(whole, "exit") < time);
  return 0;
}

int main(void) {
  const struct test_case cases[] = {
      {"a buffer has a size, and a level that there is", requests},
      {"the length is told without a buffer", length_without_buffer},
      {"the log of a refusal ends with the statistics", refusal},
      {"of a log that is too long the end is kept, or the beginning", too_long},
      {"a buffer of the log's length suffices", just_long_enough},
      {"the statistics are read as veristat does", statistics},
  };
  return RUN_CASES("logs", cases);
}
