/* SPDX-License-Identifier: MIT OR Apache-2.0
 * What the kernel says of its memory. */
#pragma once
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A line of /proc/meminfo by its name with the colon; -1 where it isn't there. */
static inline long meminfo_kilobytes(const char *name) {
  char text[512] = "";
  int fd = open("/proc/meminfo", O_RDONLY);
  ssize_t count = read(fd, text, sizeof(text) - 1);
  close(fd);
  char *found = count > 0 ? strstr(text, name) : NULL;
  return found ? atol(found + strlen(name)) : -1;
}

/* Threads' kernel stacks. A thread leaves its own a little after its parent learns of its end, and the kernel keeps
 * it for the next: there are as many as there ever were threads at once. */
static inline long stack_kilobytes(void) { return meminfo_kilobytes("KernelStack:"); }

/* Free memory as if there were no stacks: what is lost here is lost. */
static inline long free_kilobytes(void) { return meminfo_kilobytes("MemFree:") + stack_kilobytes(); }
