/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Opens a file COUNT times while a probe counts opens per process in the hash map NAME (KBPF_MAP_NAME, keys
 * of KEY_SIZE bytes, 8-byte values), then reads, iterates and deletes the count of its own process. opencount
 * NAME KEY_SIZE COUNT */
#include "bpf.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void expect(const char *what, long long seen, long long wanted) {
  if (seen == wanted)
    return;
  printf("failed: %s: %lld instead of %lld\n", what, seen, wanted);
  exit(1);
}

int main(int argc, char **argv) {
  char variable[128];
  if (argc != 4)
    return 2;
  snprintf(variable, sizeof(variable), "KBPF_MAP_%s", argv[1]);
  const char *number = getenv(variable);
  int key_size = atoi(argv[2]), count = atoi(argv[3]);
  if (!number || (key_size != 4 && key_size != 8))
    return 2;
  int map = atoi(number);
  for (int i = 0; i < count; i++) {
    int fd = openat(AT_FDCWD, "/etc/hostname", O_RDONLY);
    expect("openat works", fd >= 0, 1);
    close(fd);
  }
  uint64_t pid = (uint64_t)getpid(), key = 0, value = 0;
  expect("lookup of this process", bpf_map_lookup_elem(map, &pid, &value), 0);
  expect("its count", (long long)value, count);
  int found = 0;
  uint64_t *previous = NULL, previous_key;
  for (uint64_t next = 0; bpf_map_get_next_key(map, previous, &next) == 0; previous = &previous_key) {
    previous_key = next;
    found += next == pid;
  }
  expect("iteration meets this process", found, 1);
  expect("delete", bpf_map_delete_elem(map, &pid), 0);
  expect("lookup after delete", bpf_map_lookup_elem(map, &pid, &key), -ENOENT);
  printf("ok\n");
  return 0;
}
