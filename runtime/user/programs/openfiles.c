/* SPDX-License-Identifier: MIT OR Apache-2.0
 * A workload for probes: opens each PATH (default /etc/hostname) for reading, COUNT times; then becomes
 * COMMAND. openfiles [-n COUNT] [PATH]... [-- COMMAND ARGS...] */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv) {
  static char *default_paths[] = {"/etc/hostname"};
  long count = 1;
  int first = 1;
  if (argc > 2 && !strcmp(argv[1], "-n")) {
    char *end;
    count = strtol(argv[2], &end, 10);
    if (*end || count < 1) {
      fprintf(stderr, "openfiles: '%s' is not a count\n", argv[2]);
      return 2;
    }
    first = 3;
  }
  int last = first;
  while (last < argc && strcmp(argv[last], "--"))
    last++;
  char **paths = first < last ? argv + first : default_paths;
  int path_count = first < last ? last - first : 1;
  int status = 0;
  for (long i = 0; i < count; i++) {
    for (int p = 0; p < path_count; p++) {
      int fd = openat(AT_FDCWD, paths[p], O_RDONLY);
      if (fd < 0) {
        fprintf(stderr, "openfiles: %s: %s\n", paths[p], strerror(errno));
        status = 1;
      } else {
        close(fd);
      }
    }
  }
  if (status || last + 1 >= argc)
    return status;
  execvp(argv[last + 1], argv + last + 1);
  fprintf(stderr, "openfiles: %s: %s\n", argv[last + 1], strerror(errno));
  return 127;
}
