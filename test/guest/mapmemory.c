/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Memory of maps in a process: arrays mapped with mmap(2), what protects them, and that they outlive their
 * descriptors. */
#define _GNU_SOURCE
#include "bpf.h"
#include "check.h"
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { kMappable = 1 << 10, kReadOnlyForPrograms = 1 << 7, kEntries = 1024, kBytes = kEntries * 8 };

static int make(uint32_t flags) {
  struct bpf_map_create_opts options = {.sz = sizeof(options), .map_flags = flags};
  return bpf_map_create(BPF_MAP_TYPE_ARRAY, "memory", 4, 8, kEntries, &options);
}

static int values_are_memory(void) {
  int map = make(kMappable);
  CHECK(map >= 0);
  uint64_t *values = mmap(NULL, kBytes, PROT_READ | PROT_WRITE, MAP_SHARED, map, 0), value = 0;
  CHECK(values != MAP_FAILED && values[700] == 0);
  uint32_t key = 700;
  values[700] = 41;
  CHECK(bpf_map_lookup_elem(map, &key, &value) == 0 && value == 41);
  value = 42;
  CHECK(bpf_map_update_elem(map, &key, &value, 0) == 0 && values[700] == 42);
  CHECK(munmap(values, kBytes) == 0 && close(map) == 0);
  return 0;
}

static int mapping_outlives_descriptor_and_is_shared_with_children(void) {
  int map = make(kMappable), status = -1;
  uint64_t *values = mmap(NULL, kBytes, PROT_READ | PROT_WRITE, MAP_SHARED, map, 0);
  CHECK(values != MAP_FAILED && close(map) == 0);
  values[0] = 1;
  pid_t child = fork();
  if (!child) {
    values[1] = values[0] + 1;
    _exit(0);
  }
  CHECK(waitpid(child, &status, 0) == child && status == 0 && values[1] == 2);
  CHECK(munmap(values, kBytes) == 0);
  return 0;
}

/* Of the map behind fd. */
static int reopen(int fd, uint32_t open_flags) {
  enum { kMapGetFdById = 14, kObjGetInfoByFd = 15 };
  uint32_t type_and_id[2];
  struct {
    uint32_t fd, size;
    uint64_t info;
  } ask = {(uint32_t)fd, sizeof(type_and_id), (uintptr_t)type_and_id};
  if (syscall(SYS_bpf, kObjGetInfoByFd, &ask, sizeof(ask)))
    return -1;
  const uint32_t attr[3] = {type_and_id[1], 0, open_flags};
  return (int)syscall(SYS_bpf, kMapGetFdById, attr, sizeof(attr));
}

static int a_descriptor_is_mapped_as_it_may_be_used(void) {
  enum { kReadOnly = 1 << 3, kWriteOnly = 1 << 4 };
  int map = make(kMappable), reads = reopen(map, kReadOnly), writes = reopen(map, kWriteOnly);
  uint32_t key = 3;
  uint64_t value = 8;
  CHECK(map >= 0 && reads >= 0 && writes >= 0);
  CHECK(mmap(NULL, kBytes, PROT_READ | PROT_WRITE, MAP_SHARED, reads, 0) == MAP_FAILED && errno == EACCES);
  CHECK(mmap(NULL, kBytes, PROT_WRITE, MAP_SHARED, writes, 0) == MAP_FAILED && errno == EACCES);
  uint64_t *values = mmap(NULL, kBytes, PROT_READ, MAP_SHARED, reads, 0);
  CHECK(values != MAP_FAILED && bpf_map_update_elem(writes, &key, &value, 0) == 0 && values[3] == 8);
  CHECK(mprotect(values, kBytes, PROT_READ | PROT_WRITE) == -1 && errno == EACCES);
  CHECK(bpf_map_update_elem(reads, &key, &value, 0) < 0 && errno == EPERM);
  CHECK(bpf_map_lookup_elem(writes, &key, &value) < 0 && errno == EPERM);
  /* Copies of a descriptor are as it is. */
  int copy = dup(reads), status = -1;
  CHECK(copy >= 0 && bpf_map_delete_elem(copy, &key) < 0 && errno == EPERM);
  pid_t child = fork();
  if (!child)
    _exit(bpf_map_update_elem(copy, &key, &value, 0) < 0 && errno == EPERM ? 0 : 1);
  CHECK(waitpid(child, &status, 0) == child && status == 0);
  CHECK(munmap(values, kBytes) == 0 && close(copy) == 0 && close(writes) == 0 && close(reads) == 0 && close(map) == 0);
  return 0;
}

static int mappings_that_linux_refuses(void) {
  int map = make(0);
  CHECK(mmap(NULL, kBytes, PROT_READ, MAP_SHARED, map, 0) == MAP_FAILED && errno == EINVAL);
  CHECK(close(map) == 0);
  map = make(kMappable);
  CHECK(mmap(NULL, kBytes, PROT_READ, MAP_PRIVATE, map, 0) == MAP_FAILED && errno == EINVAL);
  CHECK(mmap(NULL, kBytes + 1, PROT_READ, MAP_SHARED, map, 0) == MAP_FAILED && errno == EINVAL);
  CHECK(close(map) == 0);
  map = make(kMappable | kReadOnlyForPrograms);
  CHECK(mmap(NULL, kBytes, PROT_WRITE, MAP_SHARED, map, 0) == MAP_FAILED && errno == EACCES);
  CHECK(close(map) == 0);
  return 0;
}

static int read_only_mapping_stays_read_only(void) {
  int map = make(kMappable);
  uint64_t *values = mmap(NULL, kBytes, PROT_READ, MAP_SHARED, map, 0);
  CHECK(values != MAP_FAILED);
  CHECK(mprotect(values, kBytes, PROT_READ | PROT_WRITE) == -1 && errno == EACCES);
  CHECK(munmap(values, kBytes) == 0 && close(map) == 0);
  return 0;
}

int main(void) {
  static const struct test_case cases[] = {
      {"a mapped array's values are memory", values_are_memory},
      {"a mapping outlives the descriptor; children share it",
       mapping_outlives_descriptor_and_is_shared_with_children},
      {"a descriptor is mapped as it may be used", a_descriptor_is_mapped_as_it_may_be_used},
      {"mappings that Linux refuses", mappings_that_linux_refuses},
      {"a read-only mapping stays read-only", read_only_mapping_stays_read_only},
  };
  return RUN_CASES("mapmemory", cases);
}
