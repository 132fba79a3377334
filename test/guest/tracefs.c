/* SPDX-License-Identifier: MIT OR Apache-2.0
 * /sys/kernel/tracing as libbpf's older way of attaching and other tools use it: probes made by writing to
 * kprobe_events, their files, and what is listed. */
#define _GNU_SOURCE
#include "abi/attr.h"
#include "bpf.h"
#include "check.h"
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TRACING "/sys/kernel/tracing/"
#define PROBES TRACING "kprobe_events"
static const char function[] = "_ZN9refkernel11sys_getppidEv";

/* The order's errno, 0 where it was obeyed. */
static int order_with(int flags, const char *text) {
  int fd = open(PROBES, O_WRONLY | flags);
  if (fd < 0)
    return errno;
  errno = 0;
  ssize_t written = write(fd, text, strlen(text));
  int error = written == (ssize_t)strlen(text) ? 0 : errno;
  close(fd);
  return error;
}
static int order(const char *text) { return order_with(O_APPEND, text); }

static char text[1 << 20];
static const char *contents(const char *path) {
  int fd = open(path, O_RDONLY);
  size_t size = 0;
  ssize_t count = 0;
  while (fd >= 0 && size < sizeof(text) - 1 && (count = read(fd, text + size, sizeof(text) - 1 - size)) > 0)
    size += (size_t)count;
  if (fd >= 0)
    close(fd);
  text[size] = 0;
  return fd < 0 || count < 0 ? "" : text;
}
static int exists(const char *path) { return access(path, F_OK) == 0; }
static int id_of(const char *event) {
  char path[256];
  snprintf(path, sizeof(path), TRACING "events/%s/id", event);
  return atoi(contents(path));
}

static int map = -1;
static int load(uint32_t type) { /* a program that counts */
  if (map < 0)
    map = bpf_map_create(BPF_MAP_TYPE_ARRAY, "number", 4, 8, 1, NULL);
  struct bpf_insn insns[] = {
      {KBPF_OP_LD_IMM64, 1, KBPF_PSEUDO_MAP_VALUE, 0, map},
      {0, 0, 0, 0, 0},
      {0xb7, 2, 0, 0, 1},
      {0xdb, 1, 2, 0, KBPF_ATOMIC_ADD},
      {0xb7, 0, 0, 0, 0},
      {KBPF_OP_EXIT, 0, 0, 0, 0},
  };
  uint32_t key = 0;
  uint64_t zero = 0;
  bpf_map_update_elem(map, &key, &zero, BPF_ANY);
  return bpf_prog_load(type, "count", "GPL", insns, 6, NULL);
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
static int open_event(int id) {
  struct {
    uint32_t type, size;
    uint64_t config, period, sample, format, flags;
    uint32_t wakeup, breakpoint;
    uint64_t config1, config2;
  } attr = {.type = 2, .size = sizeof(attr), .config = (uint64_t)id};
  return (int)syscall(SYS_perf_event_open, &attr, -1, 0, -1, 8ul);
}
enum { kSetBpf = 0x40042408 };

static int a_written_line_makes_an_event_with_files(void) {
  CHECK(order("p:kprobes/my_probe _ZN9refkernel11sys_getppidEv+0\n") == 0);
  CHECK(strcmp(contents(PROBES), "p:kprobes/my_probe _ZN9refkernel11sys_getppidEv+0\n") == 0);
  CHECK(id_of("kprobes/my_probe") > 0);
  const char *format = contents(TRACING "events/kprobes/my_probe/format");
  CHECK(strncmp(format, "name: my_probe\nID: ", 19) == 0);
  CHECK(strstr(format, "\tfield:unsigned long __probe_ip;\toffset:8;\tsize:8;\tsigned:0;\n"));
  CHECK(strstr(format, "\nprint fmt: \"(%lx)\", REC->__probe_ip\n"));
  CHECK(strcmp(contents(TRACING "events/kprobes/my_probe/enable"), "0\n") == 0);
  CHECK(strcmp(contents("/sys/kernel/debug/tracing/events/kprobes/my_probe/enable"), "0\n") == 0);
  CHECK(order("-:kprobes/my_probe\n") == 0);
  CHECK(*contents(PROBES) == 0 && !exists(TRACING "events/kprobes"));
  return 0;
}

static int a_program_runs_at_it_and_keeps_it_from_being_deleted(void) {
  CHECK(order("p:mine/counted _ZN9refkernel11sys_getppidEv") == 0);
  int program = load(BPF_PROG_TYPE_KPROBE), event = open_event(id_of("mine/counted"));
  CHECK(program >= 0 && event >= 0);
  CHECK(ioctl(event, kSetBpf, program) == 0);
  call(4);
  CHECK(number() == 4);
  CHECK(order("-:mine/counted") == EBUSY);
  CHECK(order_with(O_TRUNC, "") == EBUSY);
  CHECK(close(event) == 0);
  call(1);
  CHECK(number() == 4);
  CHECK(order("-:mine/counted") == 0 && order("-:mine/counted") == ENOENT);
  CHECK(close(program) == 0);
  return 0;
}

static int a_return_probe_has_its_own_record(void) {
  CHECK(order("r16:back _ZN9refkernel11sys_getppidEv\n") == 0);
  CHECK(strcmp(contents(PROBES), "r:kprobes/back _ZN9refkernel11sys_getppidEv\n") == 0);
  CHECK(strstr(contents(TRACING "events/kprobes/back/format"),
               "\tfield:unsigned long __probe_ret_ip;\toffset:16;\tsize:8;\tsigned:0;\n"));
  int program = load(BPF_PROG_TYPE_KPROBE), event = open_event(id_of("kprobes/back"));
  CHECK(ioctl(event, kSetBpf, program) == 0);
  call(3);
  CHECK(number() == 3);
  CHECK(close(event) == 0 && close(program) == 0 && order("-:back") == 0);
  CHECK(order("p:as_return _ZN9refkernel11sys_getppidEv%return") == 0);
  CHECK(strcmp(contents(PROBES), "r:kprobes/as_return _ZN9refkernel11sys_getppidEv\n") == 0);
  CHECK(order("-:as_return") == 0);
  return 0;
}

static int several_lines_and_comments(void) {
  CHECK(order("# two\np:one _ZN9refkernel11sys_getppidEv # first\n\n  p:two _ZN9refkernel10sys_getuidEv  ") ==
        0);
  CHECK(strcmp(contents(PROBES), "p:kprobes/one _ZN9refkernel11sys_getppidEv\n"
                                 "p:kprobes/two _ZN9refkernel10sys_getuidEv\n") == 0);
  CHECK(order_with(O_TRUNC, "p _ZN9refkernel11sys_getppidEv+0x0") == 0); /* deletes the others */
  CHECK(strcmp(contents(PROBES),
               "p:kprobes/p__ZN9refkernel11sys_getppidEv_0 _ZN9refkernel11sys_getppidEv+0x0\n") == 0);
  CHECK(order_with(O_TRUNC, "") == 0 && *contents(PROBES) == 0);
  return 0;
}

static int an_address_is_a_place(void) {
  char line[128], word[64];
  unsigned long address = 0;
  FILE *symbols = fopen("/proc/kallsyms", "r");
  CHECK(symbols);
  while (!address && fgets(line, sizeof(line), symbols))
    if (sscanf(line, "%lx %*s %63s", &address, word) != 2 || strcmp(word, function) != 0)
      address = 0;
  fclose(symbols);
  CHECK(address);
  snprintf(line, sizeof(line), "p:there 0x%lx", address);
  CHECK(order(line) == 0 && order("-:there") == 0);
  return 0;
}

static int wrong_lines_are_refused(void) {
  static const struct {
    const char *line;
    int error;
  } wrong[] = {
      {"p:x no_such_function", ENOENT},
      {"p:x", EINVAL},
      {"q:x _ZN9refkernel11sys_getppidEv", EINVAL},
      {"p:x _ZN9refkernel11sys_getppidEv arg1=%a0", EINVAL}, /* fetch arguments */
      {"p16:x _ZN9refkernel11sys_getppidEv", EINVAL},
      {"r5000:x _ZN9refkernel11sys_getppidEv", E2BIG},
      {"p:1x _ZN9refkernel11sys_getppidEv", EINVAL},
      {"p:a/b/c _ZN9refkernel11sys_getppidEv", EINVAL},
      {"p:x _ZN9refkernel11sys_getppidEv+z", EINVAL},
      {"p:x _ZN9refkernel11sys_getppidEv+1", EINVAL}, /* inside an instruction */
      {"r:x _ZN9refkernel11sys_getppidEv+4", EINVAL},
      {"p:x kbpf_syscall", EPERM}, /* handles probes itself */
      {"p:sched/sched_switch _ZN9refkernel11sys_getppidEv", EEXIST},
      {"-", EINVAL},
      {"-:x", ENOENT},
  };
  for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
    int error = order(wrong[i].line);
    if (error != wrong[i].error)
      printf("# %s: errno %d\n", wrong[i].line, error);
    CHECK(error == wrong[i].error);
  }
  CHECK(order("p:x _ZN9refkernel11sys_getppidEv\np:x _ZN9refkernel11sys_getppidEv") == EEXIST);
  CHECK(order("-:x") == 0); /* the line before the wrong one was obeyed */
  char *endless = calloc(1, 5000);
  CHECK(endless && order(memset(endless, 'p', 4999)) == EINVAL);
  free(endless);
  CHECK(*contents(PROBES) == 0);
  return 0;
}

static int only_root_makes_probes(void) {
  CHECK(syscall(SYS_setresuid, -1, 1000, -1) == 0);
  int error = order("p:x _ZN9refkernel11sys_getppidEv");
  CHECK(syscall(SYS_setresuid, -1, 0, -1) == 0);
  CHECK(error == EACCES);
  return 0;
}

static int functions_that_can_be_probed_are_listed(void) {
  CHECK(strstr(contents(TRACING "available_filter_functions"), "\n_ZN9refkernel11sys_getppidEv\n"));
  CHECK(!strstr(text, "\nkbpf_syscall\n"));
  /* As the kernel's BTF names them, too, and libbpf the functions of system calls. */
  CHECK(strstr(contents(TRACING "available_filter_functions"), "\nsys_getppid\n"));
  CHECK(strstr(contents(TRACING "available_filter_functions"), "\n__se_sys_getppid\n"));
  CHECK(strstr(contents(TRACING "available_filter_functions_addrs"), " _ZN9refkernel11sys_getppidEv\n"));
  CHECK(strtoul(text, NULL, 16) > 1ul << 63);
  return 0;
}

static int events_are_off_and_stay_so(void) {
  const char path[] = TRACING "events/sched/sched_switch/enable";
  CHECK(strcmp(contents(path), "0\n") == 0);
  int fd = open(path, O_WRONLY);
  CHECK(fd >= 0 && write(fd, "0\n", 2) == 2);
  CHECK_FAILS((int)write(fd, "1\n", 2), EOPNOTSUPP);
  CHECK_FAILS((int)write(fd, "x\n", 2), EINVAL);
  CHECK(close(fd) == 0);
  CHECK(strstr(contents(TRACING "events/sched/sched_switch/format"), "\nprint fmt: \"prev_comm=%s "));
  /* Arguments of system calls by Linux's names, each of 8 bytes; of one without any; of one that has two names. */
  const char *openat = contents(TRACING "events/syscalls/sys_enter_openat/format");
  CHECK(strstr(openat, "\tfield:int __syscall_nr;\toffset:8;\tsize:4;\tsigned:1;\n"));
  CHECK(strstr(openat, "\tfield:int dfd;\toffset:16;\tsize:8;\tsigned:0;\n"
                       "\tfield:const char * filename;\toffset:24;\tsize:8;\tsigned:0;\n"
                       "\tfield:int flags;\toffset:32;\tsize:8;\tsigned:0;\n"
                       "\tfield:umode_t mode;\toffset:40;\tsize:8;\tsigned:0;\n"));
  CHECK(strstr(openat, "\nprint fmt: \"dfd: 0x%08lx, filename: 0x%08lx, flags: 0x%08lx, mode: 0x%08lx\", "
                       "((unsigned long)(REC->dfd)), ((unsigned long)(REC->filename)), "));
  CHECK(strstr(contents(TRACING "events/syscalls/sys_enter_getppid/format"), "signed:1;\n\nprint fmt: \"\"\n"));
  CHECK(strstr(contents(TRACING "events/syscalls/sys_enter_newfstatat/format"), "\tfield:struct stat * statbuf;\toffset:32;"));
  CHECK(strstr(contents(TRACING "events/syscalls/sys_exit_mmap/format"), "\tfield:long ret;\toffset:16;\tsize:8;\tsigned:1;\n"));
  CHECK(strstr(contents(TRACING "available_events"), "syscalls:sys_enter_openat\n"));
  CHECK_FAILS(mkdir(TRACING "events/mine", 0700), EPERM);
  CHECK(rmdir(TRACING "events/sched") == -1 && exists(TRACING "events/sched/sched_switch/id"));
  return 0;
}

int main(void) {
  static const struct test_case cases[] = {
      {"a written line makes an event with files", a_written_line_makes_an_event_with_files},
      {"a program runs at it and keeps it from being deleted",
       a_program_runs_at_it_and_keeps_it_from_being_deleted},
      {"a return probe has its own record", a_return_probe_has_its_own_record},
      {"several lines and comments", several_lines_and_comments},
      {"an address is a place", an_address_is_a_place},
      {"wrong lines are refused", wrong_lines_are_refused},
      {"only root makes probes", only_root_makes_probes},
      {"functions that can be probed are listed", functions_that_can_be_probed_are_listed},
      {"events are off and stay so", events_are_off_and_stay_so},
  };
  return RUN_CASES("tracefs", cases);
}
