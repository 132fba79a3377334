/* SPDX-License-Identifier: MIT OR Apache-2.0
 * System calls with random numbers and arguments, from many processes at once: whatever they do to
 * themselves, the kernel lives on, and still works afterwards.   randomcalls [ROUNDS [SEED]] */
#define _GNU_SOURCE
#include "check.h"
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { kProcesses = 4, kCallsPerProcess = 3000 };
static uint64_t state;
static uint64_t next(void) { /* splitmix64 */
  uint64_t z = state += 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

static char area[65536];
static uint64_t argument(void) {
  static const uint64_t special[] = {0,
                                     1,
                                     2,
                                     3,
                                     7,
                                     8,
                                     16,
                                     4095,
                                     4096,
                                     65536,
                                     UINT64_MAX,
                                     INT64_MAX,
                                     INT64_MIN,
                                     INT32_MAX,
                                     UINT32_MAX,
                                     0x3ffffff000,
                                     0x4000000000,
                                     0xffffffff80200000,
                                     0xffffffc080000000};
  switch (next() % 6) {
  case 0:
    return next() % 16; /* a descriptor, a flag, a small size */
  case 1:
    return (uint64_t)(area + next() % sizeof(area));
  case 2:
    return (uint64_t)(area + (next() % sizeof(area) & ~4095ul));
  case 3:
    return special[next() % (sizeof(special) / sizeof(special[0]))];
  case 4:
    return 1ul << next() % 64;
  default:
    return next() % 65536;
  }
}

static int is_left_out(long number) {
  switch (number) {
  case SYS_reboot:
  case SYS_kill: /* of everybody */
  case SYS_tkill:
  case SYS_tgkill:
  case SYS_clone:     /* a child on a random stack is a copy that goes on */
  case SYS_prlimit64: /* of the parent */
  case SYS_setpgid:
  case SYS_unlinkat:
  case SYS_renameat2:
    return 1;
  }
  return 0;
}

static void fill(void) {
  for (size_t i = 0; i < sizeof(area); i += 8) {
    uint64_t value = next() % 3 ? argument() : next();
    memcpy(area + i, &value, 8);
  }
  static const char *const names[] = {"/tmp/x",          "/proc/self/fd/3", "/",           "..",
                                      "/proc/self/maps", "/dev/zero",       "/proc/1/stat"};
  for (size_t i = 0; i < 64; i++)
    strcpy(area + next() % 16 * 4096, names[next() % 7]);
}

static void run_calls(uint64_t seed) {
  state = seed;
  int null = open("/dev/null", O_RDWR);
  dup2(null, 0), dup2(null, 1), dup2(null, 2);
  fill();
  alarm(4); /* a call that waits for ever */
  for (int i = 0; i < kCallsPerProcess; i++) {
    long number = (long)(next() % 8 ? next() % 300 : next() % 460);
    if (!is_left_out(number))
      syscall(number, argument(), argument(), argument(), argument(), argument(), argument());
    if (i % 500 == 0)
      fill();
  }
  _exit(0);
}

int main(int argc, char **argv) {
  int rounds = argc > 1 ? atoi(argv[1]) : 10, reaped = 0;
  uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
  for (int round = 0; round < rounds; round++) {
    pid_t children[kProcesses];
    for (int i = 0; i < kProcesses; i++) {
      children[i] = fork();
      if (!children[i]) {
        setsid();
        run_calls(seed + (uint64_t)round * kProcesses + (uint64_t)i);
      }
    }
    for (int tries = 0; tries < 600; tries++) {
      while (waitpid(-1, NULL, WNOHANG) > 0)
        reaped++;
      if (reaped == (round + 1) * kProcesses)
        break;
      usleep(10000);
      if (tries > 500)
        for (int i = 0; i < kProcesses; i++)
          kill(children[i], SIGKILL);
    }
  }
  printf("%d processes reaped\n", reaped);
  CHECK(reaped == rounds * kProcesses);
  int fd = open("/tmp/after", O_CREAT | O_RDWR, 0600);
  CHECK(fd >= 0 && write(fd, "works", 5) == 5 && close(fd) == 0);
  puts("kernel alive");
  return 0;
}
