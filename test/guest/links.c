/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Links and events through bpf(2): what attaches, what is told of it, and how it ends. */
#define _GNU_SOURCE
#include "abi/attr.h"
#include "abi/info.h"
#include "bpf.h"
#include "check.h"
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
  kRawTracepointOpen = 17,
  kTaskFdQuery = 20,
  kLinkCreate = 28,
  kLinkUpdate = 29,
  kLinkFdById = 30,
  kLinkNextId = 31,
  kLinkDetach = 34,
  kInfo = 15
};
enum { kPerfEvent = 41, kKprobeMulti = 42 };
static const char function[] = "_ZN9refkernel11sys_getppidEv";

static int bpf(int command, void *attr, size_t size) { return (int)syscall(SYS_bpf, command, attr, size); }
#define BPF(command, attr) bpf(command, &(attr), sizeof(attr))

static int map = -1;
static uint64_t number(void) {
  uint32_t key = 0;
  uint64_t value = UINT64_MAX;
  bpf_map_lookup_elem(map, &key, &value);
  return value;
}
/* A program that adds 1 to the number. */
static int load(uint32_t type, uint32_t expected_attach_type) {
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
  struct kbpf_attr_prog_load attr = {.prog_type = type,
                                     .insns = (uintptr_t)insns,
                                     .insn_cnt = 6,
                                     .license = (uintptr_t)"GPL",
                                     .expected_attach_type = expected_attach_type};
  return BPF(5, attr);
}
static void call(int times) {
  while (times--)
    syscall(SYS_getppid);
}
static int event_id(const char *name) {
  char path[128], text[16] = "";
  snprintf(path, sizeof(path), "/sys/kernel/tracing/events/%s/id", name);
  int fd = open(path, O_RDONLY);
  if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
    return -1;
  close(fd);
  return atoi(text);
}
static int open_event(uint32_t type, uint64_t config, const char *symbol) {
  struct {
    uint32_t type, size;
    uint64_t config, period, sample, format, flags;
    uint32_t wakeup, breakpoint;
    uint64_t config1, config2;
  } attr = {.type = type, .size = sizeof(attr), .config = config, .config1 = (uintptr_t)symbol};
  return (int)syscall(SYS_perf_event_open, &attr, -1, 0, -1, 8ul);
}
static int link_to(int program, int event) {
  struct kbpf_attr_link_create attr = {
      .prog_fd = (uint32_t)program, .target_fd = (uint32_t)event, .attach_type = kPerfEvent};
  attr.perf_event.cookie = 77;
  return BPF(kLinkCreate, attr);
}

static int a_link_runs_its_program_until_it_is_closed(void) {
  int program = load(2, 0), event = open_event(6, 0, function), link = link_to(program, event);
  CHECK(program >= 0 && event >= 0 && link >= 0);
  CHECK(close(program) == 0);
  call(3);
  CHECK(number() == 3);
  CHECK(close(event) == 0);
  call(2);
  CHECK(number() == 5);
  CHECK(close(link) == 0);
  call(2);
  CHECK(number() == 5);
  return 0;
}

static int an_event_has_one_program(void) {
  int program = load(2, 0), event = open_event(6, 0, function), link = link_to(program, event);
  CHECK(link >= 0);
  CHECK_FAILS(link_to(program, event), EEXIST);
  CHECK(close(link) == 0);
  link = link_to(program, event);
  CHECK(link >= 0 && close(link) == 0 && close(event) == 0 && close(program) == 0);
  return 0;
}

static int a_tracepoint_counts_calls(void) {
  int id = event_id("syscalls/sys_enter_getppid");
  CHECK(id > 0);
  int program = load(5, 0), event = open_event(2, (uint64_t)id, NULL), link = link_to(program, event);
  CHECK(program >= 0 && event >= 0 && link >= 0);
  call(4);
  CHECK(number() == 4);
  struct kbpf_link_info info = {0};
  char name[64] = "";
  info.perf_event.tracepoint.tp_name = (uintptr_t)name;
  info.perf_event.tracepoint.name_len = sizeof(name);
  struct kbpf_attr_info_by_fd about = {(uint32_t)link, sizeof(info), (uintptr_t)&info};
  CHECK(BPF(kInfo, about) == 0);
  CHECK(info.type == 7 && info.perf_event.type == 5 && strcmp(name, "sys_enter_getppid") == 0);
  CHECK(info.perf_event.tracepoint.cookie == 77);
  CHECK(close(link) == 0 && close(event) == 0 && close(program) == 0);
  CHECK_FAILS(open_event(2, 99999, NULL), ENOENT);
  return 0;
}

static int a_raw_tracepoint_sees_processes_begin(void) {
  int program = load(17, 0);
  struct kbpf_attr_raw_tracepoint attr = {.name = (uintptr_t)"sched_process_fork",
                                          .prog_fd = (uint32_t)program};
  int link = BPF(kRawTracepointOpen, attr);
  CHECK(program >= 0 && link >= 0);
  for (int i = 0; i < 2; i++) {
    pid_t child = fork();
    if (child == 0)
      _exit(0);
    waitpid(child, NULL, 0);
  }
  CHECK(number() == 2);
  CHECK(close(link) == 0);
  attr.name = (uintptr_t)"no_such_event";
  CHECK_FAILS(BPF(kRawTracepointOpen, attr), ENOENT);
  CHECK(close(program) == 0);
  int wrong = load(2, 0);
  attr = (struct kbpf_attr_raw_tracepoint){.name = (uintptr_t)"sys_enter", .prog_fd = (uint32_t)wrong};
  CHECK_FAILS(BPF(kRawTracepointOpen, attr), EINVAL);
  CHECK(close(wrong) == 0);
  return 0;
}

static int one_link_is_on_many_functions(void) {
  const char *functions[] = {function, "_ZN9refkernel10sys_getuidEv"};
  int program = load(2, kKprobeMulti);
  struct kbpf_attr_link_create attr = {.prog_fd = (uint32_t)program, .attach_type = kKprobeMulti};
  attr.kprobe_multi.cnt = 2;
  attr.kprobe_multi.syms = (uintptr_t)functions;
  int link = BPF(kLinkCreate, attr);
  CHECK(program >= 0 && link >= 0);
  call(2);
  syscall(SYS_getuid);
  CHECK(number() == 3);
  CHECK(close(link) == 0);
  call(2);
  CHECK(number() == 3);
  functions[1] = "no_such_function";
  CHECK_FAILS(BPF(kLinkCreate, attr), ENOENT);
  call(2);
  CHECK(number() == 3 && close(program) == 0);
  return 0;
}

static int links_have_ids_and_no_more_to_change(void) {
  int program = load(2, 0), event = open_event(6, 0, function), link = link_to(program, event);
  struct kbpf_attr_get_id id = {0};
  CHECK(link >= 0 && BPF(kLinkNextId, id) == 0 && id.next_id);
  struct kbpf_attr_get_id wanted = {.id = id.next_id};
  int second = bpf(kLinkFdById, &wanted, 4);
  CHECK(second >= 0 && close(second) == 0);
  struct kbpf_attr_link_detach detach = {(uint32_t)link};
  CHECK_FAILS(BPF(kLinkDetach, detach), EOPNOTSUPP);
  struct kbpf_attr_link_update update = {.link_fd = (uint32_t)link, .new_prog_fd = (uint32_t)program};
  CHECK_FAILS(BPF(kLinkUpdate, update), EINVAL);
  update.link_fd = (uint32_t)program;
  CHECK_FAILS(BPF(kLinkUpdate, update), EINVAL);
  CHECK(close(link) == 0 && close(event) == 0 && close(program) == 0);
  CHECK_FAILS(BPF(kLinkNextId, id), ENOENT);
  CHECK_FAILS(bpf(kLinkFdById, &wanted, 4), ENOENT);
  return 0;
}

static int a_process_may_be_asked_what_its_descriptor_runs(void) {
  int program = load(2, 0), event = open_event(6, 0, function);
  char name[64] = "";
  struct kbpf_attr_task_fd_query query = {
      .pid = (uint32_t)getpid(), .fd = (uint32_t)event, .buf_len = sizeof(name), .buf = (uintptr_t)name};
  CHECK_FAILS(BPF(kTaskFdQuery, query), ENOENT); /* no program yet */
  int link = link_to(program, event);
  CHECK(link >= 0 && BPF(kTaskFdQuery, query) == 0);
  CHECK(query.fd_type == 2 && strcmp(name, function) == 0 && query.buf_len == strlen(function));
  query.buf_len = 4;
  CHECK_FAILS(BPF(kTaskFdQuery, query), ENOSPC);
  CHECK(strcmp(name, "_ZN") == 0);
  query.fd = 99;
  CHECK_FAILS(BPF(kTaskFdQuery, query), EBADF);
  query.pid = 30000;
  CHECK_FAILS(BPF(kTaskFdQuery, query), ENOENT);
  CHECK(close(link) == 0 && close(event) == 0 && close(program) == 0);
  return 0;
}

static int a_formats_file_describes_the_record(void) {
  char text[1024] = "";
  int fd = open("/sys/kernel/tracing/events/sched/sched_switch/format", O_RDONLY);
  CHECK(fd >= 0 && read(fd, text, sizeof(text) - 1) > 0 && close(fd) == 0);
  CHECK(strstr(text, "field:pid_t next_pid;\toffset:56;\tsize:4;\tsigned:1;"));
  return 0;
}

static const struct test_case cases[] = {
    {"a link runs its program until it is closed", a_link_runs_its_program_until_it_is_closed},
    {"an event has one program", an_event_has_one_program},
    {"a tracepoint counts calls", a_tracepoint_counts_calls},
    {"a raw tracepoint sees processes begin", a_raw_tracepoint_sees_processes_begin},
    {"one link is on many functions", one_link_is_on_many_functions},
    {"links have ids and no more to change", links_have_ids_and_no_more_to_change},
    {"a process may be asked what its descriptor runs", a_process_may_be_asked_what_its_descriptor_runs},
    {"a format file describes the record", a_formats_file_describes_the_record},
};
int main(void) { return RUN_CASES("links", cases); }
