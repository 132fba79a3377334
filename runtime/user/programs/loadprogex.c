/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Loads a whole ELF object by command 1000 and attaches it. A zcore object's maps are made here, one --map
 * each. loadprogex [--map NAME:TYPE:KEY_SIZE:VALUE_SIZE:MAX_ENTRIES]... OBJECT TARGET [COMMAND ARGS...] TYPE
 * is hash or array. With COMMAND, it runs once the program is attached, and its exit status is the result; a
 * map's descriptor reaches it as KBPF_MAP_NAME in the environment. */
#include "abi/limits.h"
#include "bpf.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int usage(void) {
  fputs("usage: loadprogex [--map NAME:TYPE:KEY_SIZE:VALUE_SIZE:MAX_ENTRIES]... OBJECT TARGET [COMMAND "
        "ARGS...]\n",
        stderr);
  return 2;
}

static unsigned char *read_object(const char *path, size_t *size) {
  struct stat status;
  int fd = open(path, O_RDONLY);
  if (fd < 0 || fstat(fd, &status) < 0) {
    fprintf(stderr, "loadprogex: %s: %s\n", path, strerror(errno));
    exit(1);
  }
  *size = (size_t)status.st_size;
  unsigned char *bytes = calloc(1, *size + 16);
  size_t have = 0;
  while (bytes && have < *size) {
    ssize_t count = read(fd, bytes + have, *size - have);
    if (count <= 0)
      break;
    have += (size_t)count;
  }
  close(fd);
  if (!bytes || have < *size) {
    fprintf(stderr, "loadprogex: %s: cannot read it\n", path);
    exit(1);
  }
  return bytes;
}

static void make_map(char *spec, struct bpf_map_fd_entry *entry) {
  char *name = strtok(spec, ":"), *type = strtok(NULL, ":");
  char *key = strtok(NULL, ":"), *value = strtok(NULL, ":"), *entries = strtok(NULL, ":");
  if (!entries || (strcmp(type, "hash") && strcmp(type, "array")))
    exit(usage());
  int fd = bpf_create_map(strcmp(type, "hash") ? BPF_MAP_TYPE_ARRAY : BPF_MAP_TYPE_HASH, atoi(key),
                          atoi(value), atoi(entries));
  if (fd < 0) {
    fprintf(stderr, "loadprogex: map %s: %s\n", name, strerror(-fd));
    exit(1);
  }
  char variable[128], number[16];
  snprintf(variable, sizeof(variable), "KBPF_MAP_%s", name);
  snprintf(number, sizeof(number), "%d", fd);
  setenv(variable, number, 1);
  fcntl(fd, F_SETFD, 0); /* COMMAND inherits it */
  *entry = (struct bpf_map_fd_entry){name, (uint32_t)fd};
}

int main(int argc, char **argv) {
  struct bpf_map_fd_entry maps[KBPF_MAX_MAPS_PER_PROG];
  static char log[65536];
  size_t map_count = 0;
  int next = 1;
  for (; next + 1 < argc && !strcmp(argv[next], "--map"); next += 2) {
    if (map_count == KBPF_MAX_MAPS_PER_PROG)
      return usage();
    make_map(argv[next + 1], &maps[map_count++]);
  }
  if (argc - next < 2)
    return usage();
  const char *path = argv[next], *target = argv[next + 1];
  char **command = argv + next + 2;

  size_t size;
  unsigned char *object = read_object(path, &size);
  uint32_t words[4];
  memcpy(words, object, sizeof(words));
  printf("file size = %zu\n", size);
  printf("ELF content: %x %x %x %x\n", words[0], words[1], words[2], words[3]);
  fflush(stdout);

  struct bpf_load_ex_opts opts = {sizeof(opts), NULL, 1, sizeof(log), log};
  int prog = bpf_prog_load_ex_opts(object, size, maps, map_count, &opts);
  free(object);
  if (prog < 0) {
    fprintf(stderr, "loadprogex: %s: %s\n%s", path, strerror(-prog), log);
    return 1;
  }
  printf("load ex: %x\n", prog);
  printf("target: %s len: %zu\n", target, strlen(target));
  printf("bpf prog attach size: %d\n", 32);
  fflush(stdout);
  int result = bpf_prog_attach(target, (uint32_t)prog);
  if (result < 0) {
    fprintf(stderr, "loadprogex: attach %s: %s\n", target, strerror(-result));
    return 1;
  }
  if (!*command)
    return 0;
  execvp(*command, command);
  fprintf(stderr, "loadprogex: %s: %s\n", *command, strerror(errno));
  return 127;
}
