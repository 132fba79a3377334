/* SPDX-License-Identifier: MIT OR Apache-2.0
 * perf_event_open(2) as libbpf attaches kprobes with it: programs on refkernel::sys_getppid that count, or
 * that store what it returns. */
#define _GNU_SOURCE
#include "bpf.h"
#include "check.h"
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct attributes { /* the first version of struct perf_event_attr that has config2 */
  uint32_t type, size;
  uint64_t config, sample_period, sample_type, read_format, flags;
  uint32_t wakeup_events, bp_type;
  uint64_t config1, config2;
};
enum { kKnownSize = 136, kDisabled = 1, kReturn = 1, kCloseOnExec = 8 };
enum { kEnable = 0x2400, kDisable = 0x2401, kSetBpf = 0x40042408 };
static const char function[] = "refkernel::sys_getppid", mangled[] = "_ZN9refkernel11sys_getppidEv";

static struct attributes probe_of(const char *symbol, uint64_t offset) {
  return (struct attributes){
      .type = 6, .size = sizeof(struct attributes), .config1 = (uintptr_t)symbol, .config2 = offset};
}
static int open_event(void *attributes, int pid, int cpu, unsigned long flags) {
  return (int)syscall(SYS_perf_event_open, attributes, pid, cpu, -1, flags);
}
static int open_probe(const char *symbol, uint64_t offset, uint64_t config, uint64_t flags) {
  struct attributes attributes = probe_of(symbol, offset);
  attributes.config = config;
  attributes.flags = flags;
  return open_event(&attributes, -1, 0, kCloseOnExec);
}

/* A map of one number, and a program that adds 1 to it, or stores the probed function's result there. */
static int map = -1;
static int load(int stores_result) {
  if (map < 0)
    map = bpf_map_create(BPF_MAP_TYPE_ARRAY, "number", 4, 8, 1, NULL);
  struct bpf_insn insns[] = {
      {0x79, 2, 1, 80, 0}, /* r2 = a0 */
      {KBPF_OP_LD_IMM64, 1, KBPF_PSEUDO_MAP_VALUE, 0, map},
      {0, 0, 0, 0, 0},
      {0x7b, 1, 2, 0, 0}, /* *r1 = r2 */
      {0xb7, 0, 0, 0, 0},
      {KBPF_OP_EXIT, 0, 0, 0, 0},
  };
  if (!stores_result) {
    insns[0] = (struct bpf_insn){0xb7, 2, 0, 0, 1};               /* r2 = 1 */
    insns[3] = (struct bpf_insn){0xdb, 1, 2, 0, KBPF_ATOMIC_ADD}; /* *r1 += r2 */
  }
  uint32_t key = 0;
  uint64_t zero = 0;
  bpf_map_update_elem(map, &key, &zero, BPF_ANY);
  return bpf_prog_load(BPF_PROG_TYPE_KPROBE, "on_getppid", "GPL", insns, sizeof(insns) / sizeof(insns[0]),
                       NULL);
}
static uint64_t number(void) {
  uint32_t key = 0;
  uint64_t value = UINT64_MAX;
  bpf_map_lookup_elem(map, &key, &value);
  return value;
}
static void call(int times) {
  while (times--)
    syscall(SYS_getppid);
}

static int reads(const char *path, const char *expected) {
  char text[32] = "";
  int fd = open(path, O_RDONLY);
  CHECK(fd >= 0 && read(fd, text, sizeof(text) - 1) > 0 && close(fd) == 0);
  CHECK(strcmp(text, expected) == 0);
  return 0;
}
static int event_source_is_in_sys(void) {
  return reads("/sys/bus/event_source/devices/kprobe/type", "6\n") ||
         reads("/sys/bus/event_source/devices/kprobe/format/retprobe", "config:0\n");
}

static int program_runs_until_the_last_descriptor_is_closed(void) {
  int program = load(0), event = open_probe(function, 0, 0, 0);
  CHECK(program >= 0 && event >= 0);
  call(3);
  CHECK(number() == 0);
  CHECK(ioctl(event, kSetBpf, program) == 0 && ioctl(event, kEnable, 0) == 0);
  CHECK(close(program) == 0);
  call(10);
  CHECK(number() == 10);
  int copy = dup(event);
  CHECK(copy >= 0 && close(event) == 0);
  call(5);
  CHECK(number() == 15);
  CHECK(close(copy) == 0);
  call(5);
  CHECK(number() == 15);
  return 0;
}

static int process_end_detaches(void) {
  int program = load(0), status = -1;
  CHECK(program >= 0);
  pid_t child = fork();
  if (child == 0) {
    int event = open_probe(function, 0, 0, 0);
    if (event < 0 || ioctl(event, kSetBpf, program) != 0)
      _exit(1);
    call(2);
    _exit(number() == 2 ? 0 : 2);
  }
  CHECK(child > 0 && waitpid(child, &status, 0) == child && status == 0);
  call(4);
  CHECK(number() == 2 && close(program) == 0);
  return 0;
}

/* As on Linux, where the place's program array knows nothing of the event's state. */
static int a_program_runs_whether_its_event_is_enabled_or_not(void) {
  int program = load(0), event = open_probe(function, 0, 0, kDisabled);
  CHECK(program >= 0 && event >= 0 && ioctl(event, kSetBpf, program) == 0);
  call(3);
  CHECK(number() == 3);
  CHECK(ioctl(event, kEnable, 0) == 0 && ioctl(event, kEnable, 0) == 0);
  call(3);
  CHECK(number() == 6);
  CHECK(ioctl(event, kDisable, 0) == 0 && ioctl(event, kDisable, 0) == 0);
  call(3);
  CHECK(number() == 9);
  CHECK(close(event) == 0 && close(program) == 0);
  call(3);
  CHECK(number() == 9);
  return 0;
}

static int counts_at(const char *symbol, uint64_t where) {
  int program = load(0), event = open_probe(symbol, where, 0, 0);
  CHECK(program >= 0 && event >= 0 && ioctl(event, kSetBpf, program) == 0);
  call(7);
  CHECK(number() == 7);
  CHECK(close(event) == 0 && close(program) == 0);
  return 0;
}
static int mangled_name_matches(void) { return counts_at(mangled, 0); }
static int address_in_place_of_a_name(void) {
  char line[1024];
  uint64_t address = 0;
  FILE *symbols = fopen("/proc/kallsyms", "r");
  CHECK(symbols);
  while (!address && fgets(line, sizeof(line), symbols))
    if (strstr(line, mangled))
      address = strtoull(line, NULL, 16);
  fclose(symbols);
  CHECK(address);
  return counts_at(NULL, address);
}

static int return_probe_sees_the_result(void) {
  int program = load(1), event = open_probe(function, 0, kReturn, 0);
  CHECK(program >= 0 && event >= 0 && ioctl(event, kSetBpf, program) == 0);
  CHECK(number() == 0);
  pid_t child = fork(); /* whose parent is known and not 0 */
  if (child == 0) {
    call(1);
    _exit(0);
  }
  CHECK(child > 0 && waitpid(child, NULL, 0) == child);
  CHECK(number() == (uint64_t)getpid());
  CHECK(close(event) == 0 && close(program) == 0);
  return 0;
}

static int places_that_are_none(void) {
  static char endless[600];
  memset(endless, 'x', sizeof(endless) - 1);
  CHECK_FAILS(open_probe("no_such_function", 0, 0, 0), ENOENT);
  CHECK_FAILS(open_probe(endless, 0, 0, 0), E2BIG);
  CHECK_FAILS(open_probe((const char *)8, 0, 0, 0), EFAULT);
  CHECK_FAILS(open_probe(NULL, 8, 0, 0), ENOENT);
  CHECK_FAILS(open_probe(function, 1, 0, 0), EINVAL);       /* inside an instruction */
  CHECK_FAILS(open_probe(function, 1 << 20, 0, 0), EINVAL); /* behind its end */
  CHECK_FAILS(open_probe(function, 2, kReturn, 0), EINVAL);
  return 0;
}

static int attributes_of_other_sizes(void) {
  static union {
    struct attributes attributes;
    uint64_t words[1024];
  } large;
  for (uint32_t size = 0; size <= 4096; size += 2048) { /* 0: the first version, without config2 */
    large.attributes = probe_of(function, 0);
    large.attributes.size = size;
    int event = open_event(&large, -1, 0, 0);
    CHECK(event >= 0 && close(event) == 0);
  }
  static const uint32_t wrong[] = {1, 63, 4097, UINT32_MAX};
  for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
    large.attributes.size = wrong[i];
    CHECK_FAILS(open_event(&large, -1, 0, 0), E2BIG);
    CHECK(large.attributes.size == kKnownSize);
  }
  large.attributes.size = 4096;
  large.words[100] = 1; /* a field that this kernel does not know */
  CHECK_FAILS(open_event(&large, -1, 0, 0), E2BIG);
  CHECK(large.attributes.size == kKnownSize);
  CHECK_FAILS(open_event(NULL, -1, 0, 0), EFAULT);
  return 0;
}

static int what_is_not_there_is_refused(void) {
  struct attributes attributes = probe_of(function, 0), other = attributes, reserved = attributes;
  other.type = 1000;
  reserved.flags = 1ul << 63;
  CHECK_FAILS(open_event(&other, -1, 0, 0), ENOENT);
  CHECK_FAILS(open_event(&reserved, -1, 0, 0), EINVAL);
  CHECK_FAILS(open_event(&attributes, -1, 0, 16), EINVAL);
  CHECK_FAILS(open_event(&attributes, -1, -1, 0), EINVAL);
  CHECK_FAILS(open_event(&attributes, -1, 5000, 0), EINVAL);
  CHECK_FAILS(open_event(&attributes, 1 << 30, -1, 0), ESRCH);
  return 0;
}

static int only_one_kprobe_program_can_be_set(void) {
  int program = load(0), event = open_probe(function, 0, 0, 0);
  struct bpf_insn nothing[] = {{0xb7, 0, 0, 0, 0}, {KBPF_OP_EXIT, 0, 0, 0, 0}};
  int filter = bpf_prog_load(BPF_PROG_TYPE_SOCKET_FILTER, "filter", "GPL", nothing, 2, NULL);
  CHECK(program >= 0 && event >= 0 && filter >= 0);
  CHECK_FAILS(ioctl(event, kSetBpf, 900), EBADF);
  CHECK_FAILS(ioctl(event, kSetBpf, map), EINVAL);
  CHECK_FAILS(ioctl(event, kSetBpf, filter), EINVAL);
  CHECK(ioctl(event, kSetBpf, program) == 0);
  CHECK_FAILS(ioctl(event, kSetBpf, program), EEXIST);
  CHECK_FAILS(ioctl(event, 0x2499, 0), ENOTTY);
  CHECK(close(event) == 0 && close(program) == 0 && close(filter) == 0);
  return 0;
}

static int close_on_exec_is_a_flag(void) {
  struct attributes attributes = probe_of(function, 0);
  int keeps = open_event(&attributes, -1, 0, 0), closes = open_event(&attributes, -1, 0, kCloseOnExec);
  CHECK(fcntl(keeps, F_GETFD) == 0 && fcntl(closes, F_GETFD) == FD_CLOEXEC);
  CHECK(close(keeps) == 0 && close(closes) == 0);
  return 0;
}

int main(void) {
  static const struct test_case cases[] = {
      {"the event source and its format are in /sys", event_source_is_in_sys},
      {"a program runs until the last descriptor is closed",
       program_runs_until_the_last_descriptor_is_closed},
      {"the end of its process detaches a program", process_end_detaches},
      {"a program runs whether its event is enabled or not",
       a_program_runs_whether_its_event_is_enabled_or_not},
      {"a mangled name matches", mangled_name_matches},
      {"an address in place of a name", address_in_place_of_a_name},
      {"a return probe sees the result", return_probe_sees_the_result},
      {"places where no probe can be", places_that_are_none},
      {"attributes of other sizes", attributes_of_other_sizes},
      {"sources, flags, processes and harts that are not there", what_is_not_there_is_refused},
      {"only one program can be set, of type kprobe", only_one_kprobe_program_can_be_set},
      {"close on exec is a flag", close_on_exec_is_a_flag},
  };
  return RUN_CASES("perfevents", cases);
}
