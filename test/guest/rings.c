/* SPDX-License-Identifier: MIT OR Apache-2.0
 * A ring buffer, read as libbpf reads one: two mappings of its descriptor, and epoll. The program of
 * test/lit/boot/Inputs/rings.c (/rings.o) writes into it at each getppid. */
#define _GNU_SOURCE
#include "bpf_object.h"
#include "check.h"
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { kPage = 4096, kRingSize = 4096, kCalls = 3000, kChildren = 4 };
static const uint32_t kBusy = 1u << 31, kDiscarded = 1u << 30;

static int ring, lost;
static volatile uint64_t *consumer;
static const volatile uint64_t *producer;
static const char *data;

struct record {
  uint64_t thread, time;
};

static int next(struct record *record) {
  for (;;) {
    uint64_t at = *consumer;
    if (at >= __atomic_load_n(producer, __ATOMIC_ACQUIRE))
      return 0;
    const char *header = data + (at & (kRingSize - 1));
    uint32_t length = __atomic_load_n((const uint32_t *)header, __ATOMIC_ACQUIRE);
    if (length & kBusy)
      return 0;
    memcpy(record, header + 8, sizeof(*record));
    __atomic_store_n(consumer, at + 8 + sizeof(*record), __ATOMIC_SEQ_CST);
    if (!(length & kDiscarded))
      return 1;
  }
}

static uint64_t lost_records(void) {
  uint32_t key = 0;
  uint64_t value = 0;
  bpf_map_lookup_elem(lost, &key, &value);
  return value;
}

static int mapping_is_as_linux_lays_it_out(void) {
  CHECK(mmap(NULL, kPage, PROT_READ | PROT_WRITE, MAP_SHARED, ring, kPage) == MAP_FAILED && errno == EPERM);
  CHECK(mmap(NULL, 2 * kPage, PROT_READ | PROT_WRITE, MAP_SHARED, ring, 0) == MAP_FAILED && errno == EPERM);
  consumer = mmap(NULL, kPage, PROT_READ | PROT_WRITE, MAP_SHARED, ring, 0);
  CHECK(consumer != MAP_FAILED);
  producer = mmap(NULL, kPage + 2 * kRingSize, PROT_READ, MAP_SHARED, ring, kPage);
  CHECK(producer != MAP_FAILED);
  data = (const char *)producer + kPage;
  CHECK(mprotect((void *)producer, kPage, PROT_READ | PROT_WRITE) == -1 && errno == EACCES);
  return 0;
}

static int wait_readable(int timeout) {
  struct epoll_event event = {.events = EPOLLIN};
  int epoll = epoll_create1(0);
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, ring, &event) != 0)
    return -1;
  int count = epoll_wait(epoll, &event, 1, timeout);
  close(epoll);
  return count;
}

static int a_sleeping_reader_is_woken(void) {
  int status = -1;
  struct record record;
  CHECK(wait_readable(0) == 0);
  pid_t child = fork();
  if (!child) {
    usleep(20000);
    syscall(SYS_getppid);
    _exit(0);
  }
  CHECK(wait_readable(10000) == 1);
  CHECK(next(&record) == 1 && record.thread >> 32 == (uint64_t)child);
  CHECK(next(&record) == 0 && wait_readable(0) == 0);
  CHECK(waitpid(child, &status, 0) == child && status == 0);
  return 0;
}

static int every_record_is_read_or_counted_as_lost(void) {
  uint64_t read = 0, before = lost_records();
  struct record record;
  for (int i = 0; i < kChildren; i++)
    if (!fork()) {
      for (int n = 0; n < kCalls; n++)
        syscall(SYS_getppid);
      _exit(0);
    }
  uint64_t last = 0;
  for (int running = kChildren; running;) {
    while (next(&record)) {
      CHECK(record.thread != 0 && record.time + 1000000000 > last);
      last = record.time;
      read++;
    }
    wait_readable(10);
    while (waitpid(-1, NULL, WNOHANG) > 0)
      running--;
  }
  while (next(&record))
    read++;
  CHECK(read > 0 && read + lost_records() - before == kChildren * kCalls);
  return 0;
}

static int a_full_ring_loses_only_what_is_new(void) {
  struct record record;
  uint64_t before = lost_records();
  for (int n = 0; n < 1000; n++)
    syscall(SYS_getppid);
  uint64_t dropped = lost_records() - before;
  CHECK(dropped == 1000 - kRingSize / 24);
  for (int n = 0; n < 1000 - (int)dropped; n++)
    CHECK(next(&record) == 1);
  CHECK(next(&record) == 0);
  return 0;
}

static struct bpf_link *attached;
static struct bpf_program *copying, *by_dynptr;

static int records_are_copied_and_discarded(void) {
  struct record record;
  CHECK(bpf_link__destroy(attached) == 0);
  attached = bpf_program__attach_target_string(copying, "kprobe$refkernel::sys_getppid");
  CHECK(attached);
  for (int n = 0; n < 20; n++) {
    syscall(SYS_getppid);
    CHECK(next(&record) == 1 && (uint32_t)(record.thread >> 32) == (uint32_t)getpid());
    CHECK(next(&record) == 0);
  }
  return 0;
}

static int records_are_made_behind_dynptrs(void) {
  struct record record;
  CHECK(bpf_link__destroy(attached) == 0);
  attached = bpf_program__attach_target_string(by_dynptr, "kprobe$refkernel::sys_getppid");
  CHECK(attached);
  for (int n = 0; n < 20; n++) {
    syscall(SYS_getppid);
    CHECK(next(&record) == 1 && (uint32_t)(record.thread >> 32) == (uint32_t)getpid());
  }
  return 0;
}

int main(void) {
  static const struct test_case cases[] = {
      {"mappings are as Linux lays them out", mapping_is_as_linux_lays_it_out},
      {"a sleeping reader is woken", a_sleeping_reader_is_woken},
      {"a full ring loses only what is new", a_full_ring_loses_only_what_is_new},
      {"every record is read, or counted as lost", every_record_is_read_or_counted_as_lost},
      {"records are copied, and discarded", records_are_copied_and_discarded},
      {"records are made behind dynptrs", records_are_made_behind_dynptrs},
  };
  struct bpf_object *object = bpf_object__open("/rings.o");
  if (!object || bpf_object__load(object) < 0) {
    printf("%s\n", bpf_object__error());
    return 1;
  }
  ring = bpf_object__find_map_fd_by_name(object, "ring");
  lost = bpf_object__find_map_fd_by_name(object, "lost");
  struct bpf_program *program = bpf_object__find_program_by_name(object, "on_call");
  copying = bpf_object__find_program_by_name(object, "on_call_copying");
  by_dynptr = bpf_object__find_program_by_name(object, "on_call_dynptr");
  attached = bpf_program__attach_target_string(program, "kprobe$refkernel::sys_getppid");
  if (!attached) {
    printf("%s\n", bpf_object__error());
    return 1;
  }
  return RUN_CASES("rings", cases);
}
