/* SPDX-License-Identifier: MIT OR Apache-2.0
 * bpf(2) and perf_event_open(2) called at random by several processes at once, which share some maps: random
 * commands, half-sensible attrs, wrong pointers, closed descriptors. The kernel lives on, and when the
 * processes are gone, so are their objects and their memory.   randombpf [CALLS [SEED]] */
#define _GNU_SOURCE
#include "abi/attr.h"
#include "abi/info.h"
#include "bpf.h"
#include "check.h"
#include "meminfo.h"
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { kProcesses = 4, kShared = 6, kFirstOwn = 3 + kShared, kMaxFd = 40 };
enum command {
#define KBPF_COMMAND(number, name, NAME, since, text) NAME = number,
#include "abi/commands.def"
#undef KBPF_COMMAND
};
static const uint16_t commands[] = {
#define KBPF_COMMAND(number, name, NAME, since, text) number,
#include "abi/commands.def"
#undef KBPF_COMMAND
};
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define PINS "/sys/fs/bpf/random"

static uint64_t state;
static uint64_t next(void) { /* splitmix64 */
  uint64_t z = state += 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}
static uint64_t below(uint64_t limit) { return next() % limit; }
static int bpf(uint64_t command, void *attr, uint64_t size) {
  return (int)syscall(SYS_bpf, command, attr, size);
}

/* Memory for the kernel to read and write: three pages, of which the last may only be read; a hole is behind.
 */
enum { kPage = 4096 };
static char *area;
static uint64_t address(void) {
  switch (below(8)) {
  case 0:
    return (uint64_t)area + 3 * kPage - below(64); /* runs into the hole */
  case 1:
    return (uint64_t)area + 2 * kPage + below(64); /* may not be written */
  case 2: {
    static const uint64_t wrong[] = {0,           8, UINT64_MAX - 7, 0xffffffff80200000, 0xffffffc080000000,
                                     0x4000000000};
    return wrong[below(COUNT(wrong))];
  }
  default:
    return (uint64_t)area + below(2 * kPage - 1024);
  }
}
static uint32_t descriptor(void) { return (uint32_t)(below(20) ? 3 + below(kMaxFd - 3) : next()); }
static const char *const functions[] = {"_ZN9refkernel11sys_getppidEv", "_ZN9refkernel10sys_getuidEv",
                                        "no_such_function", "_ZN9refkernel10sys_getpidEv"};
static const char *const targets[] = {"kprobe$refkernel::sys_getppid", "kretprobe@exit$refkernel::sys_getuid",
                                      "kretprobe@entry$refkernel::sys_getpid", "kprobe$nowhere", "kprobe"};
static const char *const events[] = {"sched_switch", "sys_enter", "sched_process_exit", "nothing"};

/* Programs of one map each, or none, for the types that there are. */
static int random_program(struct kbpf_attr_prog_load *attr) {
  static const uint32_t types[] = {1, 2, 2, 2, 3, 5, 5, 6, 7, 17, 17, 26, 26, 26, 26, 31};
  static struct bpf_insn code[16];
  const int map = (int)descriptor();
  const struct bpf_insn count[] = {/* *value += 1 */
                                   {KBPF_OP_LD_IMM64, 1, KBPF_PSEUDO_MAP_VALUE, 0, map},
                                   {0, 0, 0, 0, 0},
                                   {0xb7, 2, 0, 0, 1},
                                   {0xdb, 1, 2, 0, KBPF_ATOMIC_ADD},
                                   {0xb7, 0, 0, 0, 0},
                                   {KBPF_OP_EXIT, 0, 0, 0, 0}};
  const struct bpf_insn change[] = {/* update(map, &key, &key, 0), or another helper of maps */
                                    {0xb7, 1, 0, 0, (int)below(4)},
                                    {0x7b, 10, 1, -8, 0},
                                    {0xbf, 2, 10, 0, 0},
                                    {0x07, 2, 0, 0, -8},
                                    {0xbf, 3, 2, 0, 0},
                                    {0xb7, 4, 0, 0, 0},
                                    {KBPF_OP_LD_IMM64, 1, KBPF_PSEUDO_MAP_FD, 0, map},
                                    {0, 0, 0, 0, 0},
                                    {0x85, 0, 0, 0, below(2) ? 2 : (int)below(100)},
                                    {0xb7, 0, 0, 0, 0},
                                    {KBPF_OP_EXIT, 0, 0, 0, 0}};
  const struct bpf_insn call_back[] = {/* for_each_map_elem(map, f, 0, 0), or user_ringbuf_drain */
                                       {KBPF_OP_LD_IMM64, 1, KBPF_PSEUDO_MAP_FD, 0, map},
                                       {0, 0, 0, 0, 0},
                                       {KBPF_OP_LD_IMM64, 2, KBPF_PSEUDO_FUNC, 0, 6},
                                       {0, 0, 0, 0, 0},
                                       {0xb7, 3, 0, 0, 0},
                                       {0xb7, 4, 0, 0, 0},
                                       {0x85, 0, 0, 0, below(2) ? 164 : 209},
                                       {0xb7, 0, 0, 0, 0},
                                       {KBPF_OP_EXIT, 0, 0, 0, 0},
                                       {0xb7, 0, 0, 0, (int)below(2)},
                                       {KBPF_OP_EXIT, 0, 0, 0, 0}};
  const struct bpf_insn nothing[] = {{0xb7, 0, 0, 0, 0}, {KBPF_OP_EXIT, 0, 0, 0, 0}};
  size_t size = 0;
  switch (below(4)) {
  case 2:
    memcpy(code, call_back, size = sizeof(call_back));
    break;
  case 0:
    memcpy(code, count, size = sizeof(count));
    break;
  case 1:
    memcpy(code, change, size = sizeof(change));
    break;
  default:
    memcpy(code, nothing, size = sizeof(nothing));
  }
  const size_t slots = size / sizeof(code[0]);
  if (below(4) == 0) {
    const uint64_t wrong = next();
    memcpy(&code[below(slots)], &wrong, below(8) + 1);
  }
  *attr = (struct kbpf_attr_prog_load){.prog_type = types[below(COUNT(types))],
                                       .insns = (uintptr_t)code,
                                       .insn_cnt = (uint32_t)slots,
                                       .license = (uintptr_t)"GPL"};
  if (below(3) == 0)
    attr->expected_attach_type = below(2) ? 42 : (uint32_t)below(60);
  if (attr->prog_type == 26) { /* tracing: for any function or event there is, but never in a function's place */
    attr->expected_attach_type = 23 + (uint32_t)below(3);
    attr->attach_btf_id = (uint32_t)below(below(8) ? 6000 : 20000);
    attr->attach_prog_fd = below(20) ? 0 : descriptor();
  }
  if (below(6) == 0)
    attr->log_level = 1, attr->log_size = (uint32_t)below(8192), attr->log_buf = address();
  return bpf(PROG_LOAD, attr, sizeof(*attr));
}

static int random_map(void) {
  struct kbpf_attr_map_create attr = {.map_type = (uint32_t)below(35),
                                      .key_size = below(4) ? 4 : (uint32_t)below(40),
                                      .value_size = below(3) ? 8 : (uint32_t)below(200),
                                      .max_entries = 1 + (uint32_t)below(below(8) ? 64 : 20000)};
  if (attr.map_type == 27 || attr.map_type == 31) /* a ring */
    attr.key_size = attr.value_size = 0, attr.max_entries = kPage << below(4);
  if (attr.map_type == 22 || attr.map_type == 23 || attr.map_type == 30)
    attr.key_size = 0;
  if (attr.map_type == 11 || below(8) == 0)
    attr.map_flags = 1u << below(13);
  attr.inner_map_fd = descriptor();
  return bpf(MAP_CREATE, &attr, sizeof(attr));
}

static int random_btf(void) {
  struct {
    uint16_t magic;
    uint8_t version, flags;
    uint32_t header_size, type_offset, type_size, string_offset, string_size;
    uint32_t integer[4];
    char strings[8];
  } btf = {0xeb9f, 1, 0, 24, 0, 16, 16, 8, {1, 1u << 24, 4, 32}, "\0int"};
  if (below(3) == 0)
    ((char *)&btf)[below(sizeof(btf))] ^= (char)(1u << below(8));
  struct kbpf_attr_btf_load attr = {.btf = (uintptr_t)&btf, .btf_size = sizeof(btf)};
  return bpf(BTF_LOAD, &attr, sizeof(attr));
}

static int random_perf_event(void) {
  struct {
    uint32_t type, size;
    uint64_t config, period, sample, format, flags;
    uint32_t wakeup, breakpoint;
    uint64_t config1, config2;
  } attr = {.size = sizeof(attr), .wakeup = 1};
  switch (below(5)) {
  case 0:
    attr.type = 6;
    attr.config = below(2);
    attr.config1 = (uintptr_t)functions[below(COUNT(functions))];
    break;
  case 1:
    attr.type = 2;
    attr.config = below(700);
    break;
  case 2: /* what a hart counts */
    attr.type = below(2);
    attr.config = below(3);
    break;
  case 3: /* samples */
    attr.type = 1;
    attr.flags = below(2) << 10 | below(2);
    attr.period = attr.flags >> 10 ? 1 + below(5000) : 1 + below(10000000);
    break;
  default:
    attr.type = 1;
    attr.config = 10;
    attr.sample = 1 << 10;
  }
  if (below(6) == 0)
    ((uint64_t *)&attr)[below(sizeof(attr) / 8)] = below(2) ? next() : address();
  int fd = (int)syscall(SYS_perf_event_open, &attr, -1, below(3) ? 0 : (int)below(6), -1, 8ul);
  static const unsigned long orders[] = {0x40042408, 0x2400, 0x2401};
  ioctl((int)descriptor(), orders[below(3)], descriptor());
  uint64_t counts[6]; /* whatever read(2) says */
  ssize_t ignored = below(3) ? 0 : read(fd, counts, below(2) ? sizeof(counts) : below(48));
  (void)ignored;
  return fd;
}

static void random_attr(uint64_t command) {
  uint64_t words[20] = {0};
  for (size_t i = 0; i < COUNT(words); i++)
    words[i] = below(3) ? below(2) ? descriptor() | below(4) << 32 : 0 : below(2) ? address() : next();
  bpf(command, below(20) ? (void *)words : (void *)address(), below(2) ? below(160) : 16 + 8 * below(8));
}

static void sensible_attr(uint64_t command) {
  union {
    uint64_t words[20];
    struct kbpf_attr_map_elem elem;
    struct kbpf_attr_map_batch batch;
    struct kbpf_attr_prog_test_run run;
    struct kbpf_attr_get_id id;
    struct kbpf_attr_info_by_fd info;
    struct kbpf_attr_obj object;
    struct kbpf_attr_raw_tracepoint event;
    struct kbpf_attr_task_fd_query query;
    struct kbpf_attr_link_create link;
    struct kbpf_attr_link_update update;
    struct kbpf_attr_attach attach;
    struct kbpf_attr_enable_stats stats;
  } attr = {{0}};
  char path[64];
  uint64_t symbols[2];
  size_t size = sizeof(attr.elem);
  switch (command) {
  case PROG_TEST_RUN:
    attr.run = (struct kbpf_attr_prog_test_run){.prog_fd = descriptor(),
                                                .data_size_in = (uint32_t)below(100),
                                                .data_in = address(),
                                                .data_size_out = (uint32_t)below(100),
                                                .data_out = address(),
                                                .repeat = (uint32_t)below(5),
                                                .ctx_size_in = (uint32_t)below(300) & (below(2) ? ~0u : 0),
                                                .ctx_in = address()};
    size = sizeof(attr.run);
    break;
  case MAP_LOOKUP_BATCH:
  case MAP_LOOKUP_AND_DELETE_BATCH:
  case MAP_UPDATE_BATCH:
  case MAP_DELETE_BATCH:
    attr.batch = (struct kbpf_attr_map_batch){.in_batch = below(2) ? 0 : address(),
                                              .out_batch = address(),
                                              .keys = address(),
                                              .values = address(),
                                              .count = below(4) ? (uint32_t)below(20) : (uint32_t)next(),
                                              .map_fd = descriptor()};
    size = sizeof(attr.batch);
    break;
  case PROG_GET_NEXT_ID:
  case MAP_GET_NEXT_ID:
  case BTF_GET_NEXT_ID:
  case LINK_GET_NEXT_ID:
    attr.id.id = (uint32_t)below(100);
    size = 8;
    break;
  case PROG_GET_FD_BY_ID:
  case MAP_GET_FD_BY_ID:
  case BTF_GET_FD_BY_ID:
  case LINK_GET_FD_BY_ID:
    attr.id.id = (uint32_t)below(100);
    size = 4;
    break;
  case OBJ_GET_INFO_BY_FD:
    attr.info = (struct kbpf_attr_info_by_fd){descriptor(), (uint32_t)below(300), address()};
    size = sizeof(attr.info);
    break;
  case OBJ_PIN:
  case OBJ_GET:
    snprintf(path, sizeof(path), PINS "/%u", (unsigned)below(20));
    attr.object.pathname = (uintptr_t)path;
    attr.object.bpf_fd = command == OBJ_PIN ? descriptor() : 0;
    size = sizeof(attr.object);
    if (below(4) == 0)
      unlink(path);
    break;
  case RAW_TRACEPOINT_OPEN:
    attr.event.name = below(2) ? (uintptr_t)events[below(COUNT(events))] : 0;
    attr.event.prog_fd = descriptor();
    size = sizeof(attr.event);
    break;
  case TASK_FD_QUERY:
    attr.query = (struct kbpf_attr_task_fd_query){
        .pid = (uint32_t)getpid(), .fd = descriptor(), .buf_len = (uint32_t)below(80), .buf = address()};
    size = sizeof(attr.query);
    break;
  case LINK_CREATE:
    symbols[0] = (uintptr_t)functions[below(COUNT(functions))];
    symbols[1] = (uintptr_t)functions[below(COUNT(functions))];
    attr.link.prog_fd = descriptor();
    attr.link.target_fd = descriptor();
    attr.link.attach_type = below(3) ? 41 + (uint32_t)below(2) : 23 + (uint32_t)below(4);
    if (attr.link.attach_type < 30)
      attr.link.target_fd = below(8) ? 0 : descriptor();
    if (attr.link.attach_type == 42) {
      attr.link.kprobe_multi.flags = (uint32_t)below(2);
      attr.link.kprobe_multi.cnt = 1 + (uint32_t)below(2);
      attr.link.kprobe_multi.syms = below(8) ? (uintptr_t)symbols : address();
    }
    size = sizeof(attr.link);
    break;
  case LINK_UPDATE:
    attr.update = (struct kbpf_attr_link_update){descriptor(), descriptor(), below(4) ? 0 : 4, descriptor()};
    size = sizeof(attr.update);
    break;
  case PROG_ATTACH:
  case PROG_DETACH: {
    const char *target = targets[below(COUNT(targets))];
    attr.attach = (struct kbpf_attr_attach){(uintptr_t)target, (uint32_t)strlen(target), descriptor()};
    size = sizeof(attr.attach);
    break;
  }
  case ENABLE_STATS:
    size = sizeof(attr.stats);
    break;
  default:
    attr.elem.map_fd = below(2) ? 3 + (uint32_t)below(kShared) : descriptor();
    attr.elem.key = (uintptr_t)area + 8 * below(8);
    attr.elem.value = below(4) ? (uintptr_t)area + kPage : address();
    attr.elem.flags = below(4) ? 0 : below(8);
  }
  bpf(command, &attr, size);
}

static void one_call(void) {
  const uint64_t command = commands[below(COUNT(commands))];
  if (below(3) == 0)
    random_attr(below(30) ? command : next());
  else if (command == MAP_CREATE)
    random_map();
  else if (command == PROG_LOAD)
    random_program(&(struct kbpf_attr_prog_load){0});
  else if (command == BTF_LOAD)
    random_btf();
  else
    sensible_attr(command);
  switch (below(16)) {
  case 0:
    random_perf_event();
    break;
  case 1: {
    void *mapped = mmap(NULL, kPage << below(3), below(2) ? PROT_READ : PROT_READ | PROT_WRITE, MAP_SHARED,
                        (int)descriptor(), (off_t)(below(2) * kPage));
    if (mapped != MAP_FAILED)
      munmap(mapped, kPage);
    break;
  }
  case 2: /* places where programs run */
  case 3:
    syscall(SYS_getppid), syscall(SYS_getuid), syscall(SYS_getpid);
    break;
  case 4:
    close(kFirstOwn + (int)below(kMaxFd - kFirstOwn));
    break;
  }
}

static void run_calls(uint64_t seed, long calls) {
  state = seed;
  area = mmap(NULL, 4 * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (area == MAP_FAILED || munmap(area + 3 * kPage, kPage) != 0)
    _exit(2);
  for (size_t i = 0; i < 3 * kPage / 8; i++) {
    const uint64_t value = below(2) ? below(8) : next();
    memcpy(area + 8 * i, &value, 8);
  }
  mprotect(area + 2 * kPage, kPage, PROT_READ);
  for (long i = 0; i < calls; i++) {
    one_call();
    if (i % 64 == 0)
      for (int fd = kMaxFd - 8; fd < 1024; fd++) /* room for new ones */
        if (close(fd) != 0 && fd >= kMaxFd)
          break;
  }
  _exit(0);
}

/* Detaches what PROG_ATTACH attached and removes the names; what then has an id was forgotten by the kernel.
 */
static void clean_up(void) {
  struct kbpf_attr_get_id id = {0};
  while (bpf(PROG_GET_NEXT_ID, &id, 8) == 0) {
    struct kbpf_attr_get_id wanted = {.id = id.next_id};
    int program = bpf(PROG_GET_FD_BY_ID, &wanted, 4);
    for (size_t i = 0; program >= 0 && i < COUNT(targets); i++) {
      struct kbpf_attr_attach attr = {(uintptr_t)targets[i], (uint32_t)strlen(targets[i]), (uint32_t)program};
      bpf(PROG_DETACH, &attr, sizeof(attr));
    }
    close(program);
    id = (struct kbpf_attr_get_id){.id = id.next_id};
  }
  DIR *pins = opendir(PINS);
  for (struct dirent *entry; pins && (entry = readdir(pins));)
    unlinkat(dirfd(pins), entry->d_name, 0);
  if (pins)
    closedir(pins);
}
static int objects(uint64_t next_id) { /* how many have an id */
  int count = 0;
  struct kbpf_attr_get_id id = {0};
  while (bpf(next_id, &id, 8) == 0) {
    count++;
    id = (struct kbpf_attr_get_id){.id = id.next_id};
  }
  return count;
}
static void show_maps(void) { /* that are left */
  struct kbpf_attr_get_id id = {0};
  while (bpf(MAP_GET_NEXT_ID, &id, 8) == 0) {
    struct kbpf_attr_get_id wanted = {.id = id.next_id};
    struct kbpf_map_info info = {0};
    int map = bpf(MAP_GET_FD_BY_ID, &wanted, 4);
    struct kbpf_attr_info_by_fd attr = {(uint32_t)map, sizeof(info), (uintptr_t)&info};
    if (map >= 0 && bpf(OBJ_GET_INFO_BY_FD, &attr, sizeof(attr)) == 0)
      printf("map %u: type %u, key %u, value %u, entries %u, flags %x\n", info.id, info.type, info.key_size,
             info.value_size, info.max_entries, info.map_flags);
    close(map);
    id = (struct kbpf_attr_get_id){.id = id.next_id};
  }
}
static int left_behind(void) { /* how many, besides the kernel's own BTF */
  return objects(PROG_GET_NEXT_ID) + objects(MAP_GET_NEXT_ID) + objects(LINK_GET_NEXT_ID) +
         objects(BTF_GET_NEXT_ID) - 1;
}

static const struct shared {
  uint32_t type, key_size, value_size, entries;
} shared[kShared] = {{1, 4, 8, 32},  {2, 4, 8, 8},      {9, 4, 8, 16},
                     {22, 0, 8, 16}, {27, 0, 0, kPage}, {5, 4, 8, 16}};

static int round_of_calls(uint64_t seed, long calls) {
  for (int i = 0; i < kShared; i++) {
    int map = bpf_map_create(shared[i].type, "shared", shared[i].key_size, shared[i].value_size,
                             shared[i].entries, NULL);
    CHECK(map >= 0 && dup2(map, 3 + i) == 3 + i);
    if (map > 3 + i)
      close(map);
  }
  pid_t children[kProcesses];
  for (int i = 0; i < kProcesses; i++)
    if ((children[i] = fork()) == 0)
      run_calls(seed + (uint64_t)i, calls);
  for (int i = 0; i < kProcesses; i++) {
    int status = -1;
    CHECK(children[i] > 0 && waitpid(children[i], &status, 0) == children[i]);
    CHECK(WIFSIGNALED(status) || WEXITSTATUS(status) == 0); /* a program may send a signal */
  }
  for (int i = 0; i < kShared; i++)
    close(3 + i);
  clean_up();
  /* Threads that have ended are taken down by and by, and their many mappings one after the other. */
  for (int left = left_behind(), tries = 0; tries < 200 && left > 0; tries++) {
    usleep(50000);
    const int now = left_behind();
    tries = now < left ? 0 : tries;
    left = now;
  }
  printf("programs %d, maps %d, links %d, BTF %d\n", objects(PROG_GET_NEXT_ID), objects(MAP_GET_NEXT_ID),
         objects(LINK_GET_NEXT_ID), objects(BTF_GET_NEXT_ID));
  show_maps();
  CHECK(!left_behind());
  return 0;
}

int main(int argc, char **argv) {
  const long calls = argc > 1 ? atol(argv[1]) : 8000;
  const uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
  const long each = calls / 2 / kProcesses;
  setvbuf(stdout, NULL, _IOLBF, 0);
  CHECK(mkdir(PINS, 0700) == 0);
  CHECK(round_of_calls(seed, each) == 0);
  /* What the kernel makes once and keeps may come with a later round only; what leaks goes in each. */
  long before, after;
  int rounds = 1;
  do {
    before = free_kilobytes();
    CHECK(round_of_calls(seed + (uint64_t)rounds * kProcesses, each) == 0);
    after = free_kilobytes();
    printf("%ld calls, %ld KiB free before the last %ld, %ld after\n", each * ++rounds * kProcesses, before,
           each * kProcesses, after);
  } while (after + 256 < before && rounds < 6);
  CHECK(after + 256 >= before);
  puts("kernel alive, nothing left behind");
  return 0;
}
