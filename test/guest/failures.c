/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Each allocation of the kernel fails in turn (/proc/self/fail-nth), for calls of many kinds: a call works or
 * says that there is no memory, and when what worked is undone, BPF objects and free memory are what they
 * were. */
#define _GNU_SOURCE
#include "bpf.h"
#include "check.h"
#include "meminfo.h"
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum { kMost = 400 };
static int control = -1;

static void fail_at(unsigned nth) {
  char text[16];
  int length = snprintf(text, sizeof(text), "%u", nth);
  if (pwrite(control, text, (size_t)length, 0) != length)
    perror("fail-nth");
}
static unsigned left(void) {
  char text[16] = "";
  return pread(control, text, sizeof(text) - 1, 0) > 0 ? (unsigned)atoi(text) : 0;
}

/* What there is: BPF objects of each kind, and free memory. */
static uint32_t objects(void) {
  static const int kinds[] = {BPF_PROG_GET_NEXT_ID, BPF_MAP_GET_NEXT_ID, BPF_BTF_GET_NEXT_ID,
                              BPF_LINK_GET_NEXT_ID};
  uint32_t count = 0;
  for (int kind = 0; kind < 4; kind++) {
    struct {
      uint32_t start, next, flags;
    } attr = {0, 0, 0};
    while (syscall(280, kinds[kind], &attr, sizeof(attr)) == 0) {
      attr.start = attr.next;
      count++;
    }
  }
  return count;
}

/* A call: 0 or more where it worked, which undo takes back; else -errno. */
struct operation {
  const char *name;
  int (*call)(void);
  void (*undo)(int result);
  int makes_name; /* then ENOSPC is right, too: what tmpfs says of names and their files */
};

static int fails_cleanly(const struct operation *operation) {
  int failures = 0;
  int result = operation->call(); /* caches fill */
  if (result < 0)
    return printf("%s: %d without a failure\n", operation->name, result), -1;
  operation->undo(result);
  const uint32_t objects_before = objects();
  const long memory_before = free_kilobytes();
  unsigned nth = 1;
  for (; nth < kMost; nth++) {
    fail_at(nth);
    result = operation->call();
    unsigned remaining = left();
    fail_at(0);
    if (result >= 0)
      operation->undo(result);
    else if (result != -ENOMEM && result != -EAGAIN && (result != -ENOSPC || !operation->makes_name))
      return printf("%s: %d where allocation %u fails\n", operation->name, result, nth), -1;
    failures += result < 0;
    if (objects() != objects_before)
      return printf("%s: %u objects, not %u, after failure %u\n", operation->name, objects(), objects_before,
                    nth),
             -1;
    if (remaining)
      break;
  }
  if (nth == kMost)
    return printf("%s: no end of allocations\n", operation->name), -1;
  const long lost = memory_before - free_kilobytes();
  if (lost > 64) /* pages that the heap keeps for its next objects */
    return printf("%s: %ld kB lost by %d failures\n", operation->name, lost, failures), -1;
  return failures;
}

static int checked(long result) { return result < 0 ? -errno : (int)result; }
static void close_it(int fd) { close(fd); }
static int pair[2];
static void close_pair(int result) { (void)result, close(pair[0]), close(pair[1]); }

static int make_file(void) {
  int fd = open("/tmp/failing", O_CREAT | O_RDWR | O_EXCL, 0600);
  if (fd < 0) { /* as on Linux, the name may be there although it could not be opened */
    int error = -errno;
    unlink("/tmp/failing");
    return error;
  }
  static char block[10000];
  ssize_t written = write(fd, block, sizeof(block));
  int result = written < 0 ? -errno : 0;
  close(fd);
  if (result)
    unlink("/tmp/failing");
  return result;
}
static void remove_file(int result) { (void)result, unlink("/tmp/failing"); }
static int make_directory(void) { return checked(mkdir("/tmp/failing", 0700)); }
static void remove_directory(int result) { (void)result, rmdir("/tmp/failing"); }
static int make_link(void) { return checked(symlink("nowhere", "/tmp/failing")); }
static int make_pipe(void) { return checked(pipe(pair)); }
static int make_sockets(void) { return checked(socketpair(AF_UNIX, SOCK_STREAM, 0, pair)); }
static int make_epoll(void) {
  int set = epoll_create1(0);
  if (set < 0)
    return -errno;
  struct epoll_event event = {EPOLLIN, {.fd = control}};
  if (epoll_ctl(set, EPOLL_CTL_ADD, pair[0], &event) < 0) {
    int error = -errno;
    close(set);
    return error;
  }
  return set;
}
static int make_eventfd(void) { return checked(eventfd(1, 0)); }
static int make_timerfd(void) { return checked(timerfd_create(CLOCK_MONOTONIC, 0)); }
static int make_signalfd(void) {
  sigset_t none;
  sigemptyset(&none);
  return checked(signalfd(-1, &none, 0));
}
static int make_memory_file(void) {
  int fd = memfd_create("failing", 0);
  if (fd < 0)
    return -errno;
  if (write(fd, "text", 4) == 4)
    return fd;
  int error = -errno;
  close(fd);
  return error;
}
static void *mapped;
static int map_memory(void) {
  mapped = mmap(NULL, 1 << 16, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return mapped == MAP_FAILED ? -errno : 0;
}
static void unmap_memory(int result) { (void)result, munmap(mapped, 1 << 16); }
static int split_memory(void) {
  int result = map_memory();
  if (result < 0)
    return result;
  result = checked(mprotect((char *)mapped + 4096, 4096, PROT_READ));
  if (result < 0)
    unmap_memory(0);
  return result;
}
static int make_process(void) {
  pid_t child = fork();
  if (child == 0)
    _exit(0);
  return checked(child);
}
static void reap(int child) { waitpid(child, NULL, 0); }
static int read_text(void) {
  char text[512];
  int fd = open("/proc/self/maps", O_RDONLY);
  if (fd < 0)
    return -errno;
  int result = checked(read(fd, text, sizeof(text)));
  close(fd);
  return result;
}
static void nothing(int result) { (void)result; }

static int order(const char *text) {
  int fd = open("/sys/kernel/tracing/kprobe_events", O_WRONLY);
  if (fd < 0)
    return -errno;
  int result = checked(write(fd, text, strlen(text)));
  close(fd);
  return result;
}
static int add_probe(void) { return order("p:failing/probe _ZN9refkernel11sys_getppidEv"); }
static void delete_probe(int result) { (void)result, order("-:failing/probe"); }

struct attributes { /* the first version of struct perf_event_attr that has config2 */
  uint32_t type, size;
  uint64_t config, sample_period, sample_type, read_format, flags;
  uint32_t wakeup_events, bp_type;
  uint64_t config1, config2;
};
static int open_event(uint32_t type, uint64_t config, uint64_t period) {
  struct attributes attributes = {.type = type,
                                  .size = sizeof(attributes),
                                  .config = config,
                                  .sample_period = period,
                                  .config1 = (uintptr_t)(type == 6 ? "_ZN9refkernel11sys_getppidEv" : NULL)};
  return checked(syscall(SYS_perf_event_open, &attributes, -1, 0, -1, 8));
}
static int open_probe(void) { return open_event(6, 0, 0); }
static int open_clock(void) { return open_event(1, 0, 10000000); }
static void *ring;
static int open_ring(void) {
  int fd = open_event(1, 10, 0);
  if (fd < 0)
    return fd;
  ring = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (ring != MAP_FAILED)
    return fd;
  int error = -errno;
  close(fd);
  return error == -EPERM ? -ENOMEM : error; /* as Linux says it of rings */
}
static void close_ring(int fd) { munmap(ring, 3 * 4096), close(fd); }

static int map_type;
static int make_map(void) {
  static const struct {
    uint32_t key, value;
  } sizes[] = {
      [1] = {4, 8}, [2] = {4, 8}, [5] = {4, 8}, [7] = {4, 80}, [9] = {4, 8}, [22] = {0, 8}, [27] = {0, 0}};
  return bpf_map_create(map_type, "failing", sizes[map_type].key, sizes[map_type].value,
                        map_type == 27 ? 4096 : 16, NULL);
}
static struct bpf_insn trivial[] = {{0xb7, 0, 0, 0, 0}, {0x95, 0, 0, 0, 0}};
static int load(void) { return bpf_prog_load(BPF_PROG_TYPE_KPROBE, "failing", "GPL", trivial, 2, NULL); }
static int program = -1;
static int pin(void) {
  struct {
    uint64_t path;
    uint32_t fd, flags;
  } attr = {(uintptr_t)"/sys/fs/bpf/failing", (uint32_t)program, 0};
  return checked(syscall(280, 6, &attr, sizeof(attr)));
}
static void unpin(int result) { (void)result, unlink("/sys/fs/bpf/failing"); }
static int link_program(void) {
  int event = open_probe();
  if (event < 0)
    return event;
  struct {
    uint32_t program, target, type, flags;
    uint64_t cookie;
  } attr = {(uint32_t)program, (uint32_t)event, 41, 0, 0};
  int result = checked(syscall(280, 28, &attr, sizeof(attr)));
  close(event);
  return result;
}

/* A link to an event of the kernel; to many functions; types. */
static int raw_program = -1, multi_program = -1;
static int link_event(void) {
  struct {
    uint64_t name;
    uint32_t program, pad;
    uint64_t cookie;
  } attr = {(uintptr_t)"sched_switch", (uint32_t)raw_program, 0, 0};
  return checked(syscall(280, 17, &attr, sizeof(attr)));
}
static int link_functions(void) {
  const char *name = "_ZN9refkernel11sys_getppidEv";
  struct {
    uint32_t program, target, type, flags, multi_flags, count;
    uint64_t names, addresses, cookies;
  } attr = {(uint32_t)multi_program, 0, 42, 0, 0, 1, (uintptr_t)&name, 0, 0};
  return checked(syscall(280, 28, &attr, sizeof(attr)));
}
static int load_types(void) {
  static const struct {
    uint16_t magic;
    uint8_t version, flags;
    uint32_t header, type_offset, type_size, string_offset, string_size;
    uint32_t integer[4];
    char strings[8];
  } types = {0xeb9f, 1, 0, 24, 0, 16, 16, 8, {1, 1u << 24, 4, 1u << 24 | 32}, "\0int"};
  struct {
    uint64_t types, log;
    uint32_t size, log_size, log_level, true_size;
  } attr = {(uintptr_t)&types, 0, sizeof(types), 0, 0, 0};
  return checked(syscall(280, 18, &attr, sizeof(attr)));
}

static void *leave(void *argument) { return argument; }
static int make_thread(void) {
  pthread_t thread;
  int error = pthread_create(&thread, NULL, leave, NULL);
  if (error)
    return -error;
  pthread_join(thread, NULL);
  return 0;
}
static int rename_file(void) {
  int result = checked(link("/tmp/there", "/tmp/failing"));
  if (result < 0)
    return result;
  result = checked(rename("/tmp/failing", "/tmp/elsewhere"));
  if (result < 0)
    unlink("/tmp/failing");
  return result;
}
static void remove_renamed(int result) { (void)result, unlink("/tmp/elsewhere"); }
static int lock_file(void) {
  int fd = open("/tmp/there", O_RDWR);
  if (fd < 0)
    return -errno;
  struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 10};
  int result = checked(fcntl(fd, F_SETLK, &lock));
  close(fd);
  return result == -ENOLCK ? -ENOMEM : result;
}

static int every_allocation_may_fail(void) {
  static const struct operation operations[] = {
      {"file", make_file, remove_file, 1},
      {"directory", make_directory, remove_directory, 1},
      {"symbolic link", make_link, remove_file, 1},
      {"pipe", make_pipe, close_pair, 0},
      {"sockets", make_sockets, close_pair, 0},
      {"eventfd", make_eventfd, close_it, 0},
      {"timerfd", make_timerfd, close_it, 0},
      {"signalfd", make_signalfd, close_it, 0},
      {"memfd", make_memory_file, close_it, 1},
      {"mapping", map_memory, unmap_memory, 0},
      {"protection", split_memory, unmap_memory, 0},
      {"process", make_process, reap, 0},
      {"text", read_text, nothing, 0},
      {"kprobe_events", add_probe, delete_probe, 1},
      {"probe", open_probe, close_it, 0},
      {"clock", open_clock, close_it, 0},
      {"ring", open_ring, close_ring, 0},
      {"program", load, close_it, 0},
      {"pin", pin, unpin, 1},
      {"link", link_program, close_it, 0},
      {"event link", link_event, close_it, 0},
      {"function link", link_functions, close_it, 0},
      {"types", load_types, close_it, 0},
      {"thread", make_thread, nothing, 0},
      {"names", rename_file, remove_renamed, 1},
      {"lock", lock_file, nothing, 0},
  };
  int failed = 0;
  struct bpf_prog_load_opts multi = {.sz = sizeof(multi), .expected_attach_type = 42};
  program = load();
  raw_program = bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, "failing", "GPL", trivial, 2, NULL);
  multi_program = bpf_prog_load(BPF_PROG_TYPE_KPROBE, "failing", "GPL", trivial, 2, &multi);
  CHECK(program >= 0 && raw_program >= 0 && multi_program >= 0);
  int there = open("/tmp/there", O_CREAT | O_RDWR, 0600);
  CHECK(there >= 0 && close(there) == 0);
  for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
    const int failures = fails_cleanly(&operations[i]);
    failed += failures < 0;
    if (failures == 0) {
      printf("%s: nothing failed\n", operations[i].name);
      failed++;
    }
  }
  CHECK(close(program) == 0 && close(raw_program) == 0 && close(multi_program) == 0 &&
        unlink("/tmp/there") == 0);
  return failed;
}

static int maps_of_each_kind(void) {
  static const int types[] = {1, 2, 5, 7, 9, 22, 27};
  for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
    const struct operation operation = {"map", make_map, close_it, 0};
    map_type = types[i];
    if (fails_cleanly(&operation) < 1)
      return printf("type %d\n", map_type), 1;
  }
  return 0;
}

static int polled_sets(void) {
  const struct operation operation = {"epoll", make_epoll, close_it, 0};
  CHECK(pipe(pair) == 0);
  int failures = fails_cleanly(&operation);
  close_pair(0);
  return failures < 1;
}

/* Of a process that executes a program: the call fails, or the process ends where there is no way back, or
 * the program meets the failure. */
enum { kNotReached = 9, kFailed = 2 };
static const char *self;
static int programs_are_executed(void) {
  int reached = 1, failures = 0;
  const uint32_t objects_before = objects();
  long memory_before = 0;
  for (unsigned nth = 0; reached; nth++) {
    CHECK(nth < kMost);
    if (nth == 2) /* caches are full */
      memory_before = free_kilobytes();
    pid_t child = fork();
    if (child == 0) {
      char *arguments[] = {(char *)self, "--child", NULL};
      fail_at(nth);
      execv(self, arguments);
      int error = errno;
      fail_at(0);
      _exit(error == ENOMEM ? kFailed : 1);
    }
    int status = 0;
    CHECK(child > 0 && waitpid(child, &status, 0) == child);
    failures += status != 0;
    CHECK(!WIFEXITED(status) || WEXITSTATUS(status) != 1);
    reached = !WIFEXITED(status) || WEXITSTATUS(status) != kNotReached;
    CHECK(objects() == objects_before);
  }
  CHECK(failures > 5);
  CHECK(memory_before - free_kilobytes() <= 64);
  return 0;
}

/* The program that is executed. */
static int tell_what_is_left(void) {
  if (control < 0)
    return 0;
  unsigned remaining = left();
  fail_at(0);
  return remaining ? kNotReached : 0;
}

int main(int argc, char **argv) {
  control = open("/proc/self/fail-nth", O_RDWR | O_CLOEXEC);
  if (argc > 1)
    return tell_what_is_left();
  self = argv[0][0] == '/' ? argv[0] : "/proc/self/exe";
  static const struct test_case cases[] = {{"every allocation may fail", every_allocation_may_fail},
                                           {"maps of each kind", maps_of_each_kind},
                                           {"polled sets", polled_sets},
                                           {"programs are executed", programs_are_executed}};
  return RUN_CASES("failures", cases);
}
