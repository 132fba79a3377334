/* SPDX-License-Identifier: MIT OR Apache-2.0
 * The first program of a guest that bpfcc-run boots. /etc/bpfcc-run holds NUL-terminated words:
 *   object PATH      load it (before any attach); its maps reach the command as KBPF_MAP_NAME in the
 * environment attach TARGET    attach to TARGET instead of what the object says; may be repeated command
 * WORD...  the rest: the command and its arguments Attaches, runs the command, detaches, and exits with the
 * command's status (128 + n for signal n), which ends the guest. */
#include "bpf_object.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_TARGETS = 64, MAX_LINKS = 1024, SETUP_FAILED = 125 };

/* Tells bpfcc-run that the boot is over; what comes before it is the boot log. */
static const char started[] = "\x1e"
                              "bpfcc-run started\n";

static char *read_words(size_t *size) {
  static char words[1 << 16];
  int fd = open("/etc/bpfcc-run", O_RDONLY);
  ssize_t count = 0;
  *size = 0;
  while (fd >= 0 && (count = read(fd, words + *size, sizeof(words) - 1 - *size)) > 0)
    *size += (size_t)count;
  if (fd < 0 || count < 0 || *size == sizeof(words) - 1) {
    fprintf(stderr, "init: /etc/bpfcc-run: %s\n", *size ? "too large" : strerror(errno));
    exit(SETUP_FAILED);
  }
  close(fd);
  return words;
}

static void export_maps(const struct bpf_object *object) {
  struct bpf_map *map;
  bpf_object__for_each_map(map, object) {
    char variable[600], number[16];
    snprintf(variable, sizeof(variable), "KBPF_MAP_%s", bpf_map__name(map));
    snprintf(number, sizeof(number), "%d", bpf_map__fd(map));
    setenv(variable, number, 1);
    fcntl(bpf_map__fd(map), F_SETFD, 0);
  }
}

static size_t attach_all(const struct bpf_object *object, char **targets, size_t target_count,
                         struct bpf_link **links) {
  size_t count = 0;
  struct bpf_program *program;
  bpf_object__for_each_program(program, object) {
    if (!bpf_program__autoload(program))
      continue;
    size_t wanted = target_count ? target_count : bpf_program__attach_target(program) != NULL;
    for (size_t i = 0; i < wanted && count < MAX_LINKS; i++) {
      links[count] = target_count ? bpf_program__attach_target_string(program, targets[i])
                                  : bpf_program__attach(program);
      if (!links[count]) {
        fprintf(stderr, "init: %s\n", bpf_object__error());
        exit(SETUP_FAILED);
      }
      count++;
    }
    if (target_count)
      break; /* --attach speaks of the first program */
  }
  if (!count) {
    fprintf(stderr, "init: no program of the object names a target: give one with --attach\n");
    exit(SETUP_FAILED);
  }
  return count;
}

static int run(char **command) {
  pid_t child = fork();
  if (child == 0) {
    execvp(*command, command);
    fprintf(stderr, "init: %s: %s\n", *command, strerror(errno));
    _exit(errno == ENOENT ? 127 : 126);
  }
  int status = 0;
  pid_t reaped;
  while ((reaped = wait(&status)) != child) /* orphans too */
    if (reaped < 0 && errno != EINTR)
      return SETUP_FAILED;
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int main(void) {
  static char *targets[MAX_TARGETS], *command[1024];
  static struct bpf_link *links[MAX_LINKS];
  size_t size, target_count = 0, link_count = 0, words = 0;
  const char *object_path = NULL;
  char *at = read_words(&size), *end = at + size;
  for (; at < end && strcmp(at, "command"); at += strlen(at) + 1) {
    char *value = at + strlen(at) + 1;
    if (!strcmp(at, "object"))
      object_path = value;
    else if (!strcmp(at, "attach") && target_count < MAX_TARGETS)
      targets[target_count++] = value;
    at = value;
  }
  for (at += strlen(at) + 1; at < end && words < 1023; at += strlen(at) + 1)
    command[words++] = at;

  setenv("PATH", "/bin:/usr/bin:/sbin:/usr/sbin", 1);
  setenv("HOME", "/", 1);
  if (write(STDOUT_FILENO, started, sizeof(started) - 1) < 0)
    return SETUP_FAILED;
  struct bpf_object *object = NULL;
  if (object_path) {
    object = bpf_object__open(object_path);
    if (!object || bpf_object__load(object) < 0) {
      fprintf(stderr, "init: %s: %s\n", object_path, bpf_object__error());
      return SETUP_FAILED;
    }
    export_maps(object);
    link_count = attach_all(object, targets, target_count, links);
  }
  int status = words ? run(command) : 0;
  for (size_t i = 0; i < link_count; i++)
    bpf_link__destroy(links[i]);
  bpf_object__close(object);
  return status;
}
