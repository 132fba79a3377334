/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Probes under load, in the guest, with the programs of test/lit/boot/Inputs/probes.c (/probes.o):
 *   probetest count HARTS        every call on every hart is counted, exactly
 *   probetest rearm HARTS        arming and disarming a second probe a thousand times loses nothing of the first
 *   probetest traced HARTS       the same of programs at the function's entry and return that get its arguments
 *   probetest return             a return probe sees a0
 *   probetest recursion          return probes of a function that calls itself
 *   probetest two                two programs on one function
 *   probetest restore            detaching gives the text back to the byte
 * Prints "ok" or what was wrong, and exits accordingly. */
#include "bpf_object.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OPENS = 2000, REARMS = 1000 };
static const char probed[] = "refkernel::sys_openat";
static struct bpf_object *object;
static int numbers;

static void fail(const char *what, const char *detail) {
  printf("failed: %s %s\n", what, detail);
  exit(1);
}

static void expect(const char *what, unsigned long long seen, unsigned long long wanted) {
  if (seen == wanted)
    return;
  printf("failed: %s: %llu instead of %llu\n", what, seen, wanted);
  exit(1);
}

static unsigned long long number(uint32_t index) {
  unsigned long long value = 0;
  if (bpf_map_lookup_elem(numbers, &index, &value) < 0)
    fail("lookup", "");
  return value;
}

static struct bpf_link *attach(const char *program, const char *kind, const char *symbol) {
  char target[512];
  snprintf(target, sizeof(target), "%s$%s", kind, symbol);
  struct bpf_program *found = bpf_object__find_program_by_name(object, program);
  struct bpf_link *link = found ? bpf_program__attach_target_string(found, target) : NULL;
  if (!link)
    fail(target, bpf_object__error());
  return link;
}

static void detach(struct bpf_link *link) {
  if (bpf_link__destroy(link) < 0)
    fail("detach", strerror(errno));
}

static void open_once(void) {
  int fd = openat(AT_FDCWD, "/etc/hostname", O_RDONLY);
  if (fd < 0)
    fail("openat", strerror(errno));
  close(fd);
}

/* count children, each with OPENS calls; the status of those that failed is reported. */
static void start_workers(int count) {
  for (int i = 0; i < count; i++) {
    pid_t child = fork();
    if (child < 0)
      fail("fork", strerror(errno));
    if (child == 0) {
      for (int n = 0; n < OPENS; n++)
        open_once();
      _exit(0);
    }
  }
}

static void wait_for_workers(int count) {
  for (int i = 0; i < count; i++) {
    int status = 1;
    if (wait(&status) < 0 || status != 0)
      fail("a worker", "failed");
  }
}

static void test_count(int harts) {
  struct bpf_link *link = attach("count_entry", "kprobe", probed);
  start_workers(harts);
  wait_for_workers(harts);
  detach(link);
  expect("calls counted", number(0), (unsigned long long)harts * OPENS);
  open_once();
  expect("calls counted after detaching", number(0), (unsigned long long)harts * OPENS);
}

static void test_rearm(int harts) {
  struct bpf_link *first = attach("count_entry", "kprobe", probed);
  start_workers(harts);
  for (int i = 0; i < REARMS; i++) {
    struct bpf_link *second = attach("count_again", "kprobe", probed);
    detach(second);
  }
  wait_for_workers(harts);
  expect("calls counted by the first probe", number(0), (unsigned long long)harts * OPENS);
  detach(first);
  /* Now each arming is the first on the function: breakpoints come and go under load. */
  start_workers(harts);
  for (int i = 0; i < REARMS; i++) {
    struct bpf_link *only = attach("count_again", "kprobe", probed);
    detach(only);
  }
  wait_for_workers(harts);
  unsigned long long before = number(1);
  open_once();
  expect("calls counted after the last detaching", number(1), before);
}

static void test_traced(int harts) {
  static const char traced[] = "sys_openat";
  const unsigned long long calls = (unsigned long long)harts * OPENS;
  struct bpf_link *entry = attach("count_traced", "fentry", traced);
  struct bpf_link *leave = attach("count_traced_return", "fexit", traced);
  start_workers(harts);
  for (int i = 0; i < REARMS; i++)
    detach(attach("count_traced_again", "fexit", traced));
  wait_for_workers(harts);
  expect("entries", number(6), calls);
  expect("returns with their arguments", number(7), calls);
  detach(entry);
  detach(leave);
  start_workers(harts);
  for (int i = 0; i < REARMS; i++)
    detach(attach("count_traced_again", "fexit", traced));
  wait_for_workers(harts);
  unsigned long long before = number(1);
  open_once();
  expect("calls counted after the last detaching", number(1), before);
  expect("entries after detaching", number(6), calls);
}

static void test_return(void) {
  struct bpf_link *entry = attach("count_return_entry", "kretprobe@entry", probed);
  struct bpf_link *leave = attach("sum_results", "kretprobe@exit", probed);
  unsigned long long sum = 0;
  for (int i = 0; i < 10; i++) {
    int fd = openat(AT_FDCWD, "/etc/hostname", O_RDONLY);
    if (fd < 0)
      fail("openat", strerror(errno));
    sum += (unsigned)fd;
  }
  int missing = openat(AT_FDCWD, "/no/such/file", O_RDONLY);
  expect("openat of a missing file", (unsigned)-missing, 1);
  sum += (unsigned long long)-ENOENT;
  detach(entry);
  detach(leave);
  expect("entries", number(2), 11);
  expect("returns", number(3), 11);
  expect("sum of results", number(4), sum);
}

/* Reading /proc/probe_targets calls a function of the kernel that calls itself: levels 9 to 0, each returns its
 * level. */
static void test_recursion(void) {
  static const char recursive[] = "refkernel::recurse_for_probe_test";
  struct bpf_link *entry = attach("count_return_entry", "kretprobe@entry", recursive);
  struct bpf_link *leave = attach("sum_results", "kretprobe@exit", recursive);
  char text[32] = {0};
  int fd = open("/proc/probe_targets", O_RDONLY);
  if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0 || strncmp(text, "9 ", 2))
    fail("/proc/probe_targets", text);
  close(fd);
  detach(entry);
  detach(leave);
  expect("entries", number(2), 10);
  expect("returns", number(3), 10);
  expect("sum of results", number(4), 45); /* 0 + 1 + ... + 9 */
}

static void test_two(void) {
  struct bpf_link *first = attach("count_entry", "kprobe", probed);
  struct bpf_link *second = attach("count_again", "kprobe", probed);
  for (int i = 0; i < 5; i++)
    open_once();
  detach(first);
  for (int i = 0; i < 5; i++)
    open_once();
  detach(second);
  expect("calls counted by the first", number(0), 5);
  expect("calls counted by the second", number(1), 10);
}

static unsigned long long address_of(const char *symbol) {
  static char line[1024];
  FILE *file = fopen("/proc/kallsyms", "r");
  if (!file)
    fail("/proc/kallsyms", strerror(errno));
  unsigned long long address = 0;
  while (fgets(line, sizeof(line), file)) {
    if (strstr(line, symbol)) {
      address = strtoull(line, NULL, 16);
      break;
    }
  }
  fclose(file);
  if (!address)
    fail("no such symbol:", symbol);
  return address;
}

static void read_text(unsigned char text[16]) {
  uint32_t zero = 0;
  struct bpf_link *link = attach("read_text", "kprobe", "refkernel::sys_getppid");
  getppid();
  detach(link);
  if (bpf_map_lookup_elem(bpf_object__find_map_fd_by_name(object, "text"), &zero, text) < 0)
    fail("lookup", "");
}

static void test_restore(void) {
  unsigned char before[16], armed[16], after[16];
  static const unsigned char zeros[16];
  uint32_t index = 5;
  unsigned long long address = address_of(" _ZN9refkernel10sys_openatE");
  bpf_map_update_elem(numbers, &index, &address, BPF_ANY);
  read_text(before);
  struct bpf_link *link = attach("count_entry", "kprobe", probed);
  read_text(armed);
  detach(link);
  read_text(after);
  expect("text is there", memcmp(before, zeros, 16) != 0, 1);
  expect("arming changes the text", memcmp(before, armed, 16) != 0, 1);
  expect("detaching gives it back", (unsigned)memcmp(before, after, 16), 0);
}

int main(int argc, char **argv) {
  int harts = argc > 2 ? atoi(argv[2]) : 1;
  object = bpf_object__open("/probes.o");
  if (!object || bpf_object__load(object) < 0)
    fail("/probes.o", bpf_object__error());
  numbers = bpf_object__find_map_fd_by_name(object, "numbers");
  const char *test = argc > 1 ? argv[1] : "";
  if (!strcmp(test, "count"))
    test_count(harts);
  else if (!strcmp(test, "rearm"))
    test_rearm(harts);
  else if (!strcmp(test, "traced"))
    test_traced(harts);
  else if (!strcmp(test, "return"))
    test_return();
  else if (!strcmp(test, "recursion"))
    test_recursion();
  else if (!strcmp(test, "two"))
    test_two();
  else if (!strcmp(test, "restore"))
    test_restore();
  else
    fail("usage:", "probetest count|rearm|traced|return|recursion|two|restore [HARTS]");
  printf("ok\n");
  return 0;
}
