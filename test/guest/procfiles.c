/* SPDX-License-Identifier: MIT OR Apache-2.0
 * What /proc and /sys tell, and the identity calls beside them. */
#define _GNU_SOURCE
#include "check.h"
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

static char text[1 << 16];
static int slurp(const char *path) {
  int fd = open(path, O_RDONLY);
  if (fd < 0)
    return -1;
  size_t have = 0;
  ssize_t count;
  while ((count = read(fd, text + have, sizeof(text) - 1 - have)) > 0)
    have += (size_t)count;
  close(fd);
  text[have] = 0;
  return count < 0 ? -1 : (int)have;
}

static int process_directory(void) {
  char path[64], expected[64];
  snprintf(path, sizeof(path), "/proc/%d/stat", getpid());
  CHECK(slurp(path) > 0);
  snprintf(expected, sizeof(expected), "%d (procfiles) ", getpid());
  CHECK(!strncmp(text, expected, strlen(expected)));
  CHECK(slurp("/proc/self/status") > 0 && strstr(text, "Name:\tprocfiles\n") &&
        strstr(text, "Threads:\t1\n"));
  CHECK(slurp("/proc/self/comm") == 10 && !strcmp(text, "procfiles\n"));
  CHECK(slurp("/proc/self/cmdline") > 0 && strstr(text, "procfiles"));
  CHECK(slurp("/proc/self/maps") > 0 && strstr(text, " r-xp ") && strstr(text, " rw-p "));
  CHECK(strstr(text, "procfiles\n") && strstr(text, "[stack]\n"));
  int fd = open("/proc/self/exe", O_RDONLY);
  void *mapped = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 4096);
  snprintf(expected, sizeof(expected), "%lx-%lx r--p 00001000 ", (long)mapped, (long)mapped + 4096);
  CHECK(slurp("/proc/self/maps") > 0 && strstr(text, expected));
  CHECK(munmap(mapped, 4096) == 0 && close(fd) == 0);
  CHECK(slurp("/proc/self/environ") >= 0 && slurp("/proc/self/limits") > 0 && strstr(text, "Max open files"));
  CHECK(slurp("/proc/99999/stat") == -1 && errno == ENOENT);
  return 0;
}

static long resident_pages(void) {
  long size, resident;
  return slurp("/proc/self/statm") > 0 && sscanf(text, "%ld %ld", &size, &resident) == 2 ? resident : -1;
}

static int memory_is_counted(void) {
  enum { PAGES = 100 };
  const long before = resident_pages();
  char *memory = mmap(NULL, PAGES * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  struct rusage usage, later;
  CHECK(before > 0 && memory != MAP_FAILED && getrusage(RUSAGE_SELF, &usage) == 0);
  memset(memory, 1, PAGES * 4096);
  CHECK(resident_pages() >= before + PAGES && getrusage(RUSAGE_SELF, &later) == 0);
  CHECK(later.ru_minflt >= usage.ru_minflt + PAGES && later.ru_maxrss >= (before + PAGES) * 4);
  CHECK(munmap(memory, PAGES * 4096) == 0 && resident_pages() < before + PAGES);
  CHECK(getrusage(RUSAGE_SELF, &usage) == 0 && usage.ru_maxrss >= later.ru_maxrss);
  return 0;
}

static int names_by_prctl(void) {
  char name[16];
  CHECK(prctl(PR_SET_NAME, "a very long name indeed") == 0 && prctl(PR_GET_NAME, name) == 0);
  CHECK(!strcmp(name, "a very long nam"));
  CHECK(slurp("/proc/self/comm") > 0 && !strcmp(text, "a very long nam\n"));
  CHECK(prctl(PR_SET_NAME, "procfiles") == 0);
  return 0;
}

static int links_of_a_process(void) {
  char link[256] = "";
  struct stat a, b;
  CHECK(readlink("/proc/self/exe", link, 255) > 0 && link[0] == '/' && strstr(link, "procfiles"));
  CHECK(stat("/proc/self/exe", &a) == 0 && stat(link, &b) == 0 && a.st_ino == b.st_ino);
  memset(link, 0, sizeof(link));
  CHECK(chdir("/proc/sys/kernel") == 0 && readlink("/proc/self/cwd", link, 255) > 0 &&
        !strcmp(link, "/proc/sys/kernel"));
  CHECK(slurp("ostype") > 0 && !strcmp(text, "Linux\n") && chdir("/") == 0);
  return 0;
}

static int descriptors_are_listed(void) {
  int fd = open("/dev/null", O_RDWR | O_CLOEXEC), found = 0;
  char path[64], link[64] = "";
  snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
  CHECK(readlink(path, link, 63) > 0 && !strcmp(link, "/dev/null"));
  snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
  CHECK(slurp(path) > 0 && strstr(text, "pos:\t0\n") && strstr(text, "flags:\t02100002\n"));
  DIR *directory = opendir("/proc/self/fd");
  struct dirent *entry;
  while ((entry = readdir(directory)))
    found += entry->d_name[0] != '.';
  closedir(directory);
  CHECK(found == 5); /* 0, 1, 2, fd and the directory */
  int again = open("/dev/fd/1", O_WRONLY);
  CHECK(again >= 0 && isatty(again));
  close(again), close(fd);
  return 0;
}

static int processes_are_listed(void) {
  DIR *directory = opendir("/proc");
  struct dirent *entry;
  int self = 0, init = 0, info = 0;
  char mine[16];
  snprintf(mine, sizeof(mine), "%d", getpid());
  while ((entry = readdir(directory))) {
    self += !strcmp(entry->d_name, mine);
    init += !strcmp(entry->d_name, "1");
    info += !strcmp(entry->d_name, "meminfo");
  }
  closedir(directory);
  CHECK(self == 1 && init == 1 && info == 1);
  return 0;
}

static int system_files(void) {
  CHECK(slurp("/proc/meminfo") > 0 && !strncmp(text, "MemTotal:", 9));
  CHECK(slurp("/proc/cpuinfo") > 0 && strstr(text, "isa\t\t: rv64"));
  CHECK(slurp("/proc/mounts") > 0 && strstr(text, "proc /proc proc"));
  CHECK(slurp("/proc/self/mountinfo") > 0 && strstr(text, " /proc rw - proc proc rw\n"));
  CHECK(slurp("/proc/stat") > 0 && strstr(text, "\ncpu0 ") && strstr(text, "\nprocs_running "));
  CHECK(slurp("/proc/loadavg") > 0 && atof(text) >= 0 && strchr(text, '/'));
  CHECK(slurp("/proc/sys/kernel/random/boot_id") == 37 && text[14] == '4');
  CHECK(slurp("/proc/uptime") > 0 && atof(text) >= 0);
  CHECK(slurp("/proc/version") > 0 && !strncmp(text, "Linux version 6.", 16));
  CHECK(slurp("/sys/devices/system/cpu/online") > 0 && text[0] == '0');
  int fd = open("/proc/kallsyms", O_RDONLY);
  CHECK(fd >= 0 && read(fd, text, 200) == 200);
  text[200] = 0;
  CHECK(strstr(text, " T ") && !strncmp(text, "ffffffff", 8));
  close(fd);
  CHECK(open("/proc/version", O_WRONLY) == -1 && errno == EACCES);
  CHECK(mkdir("/proc/x", 0755) == -1 && errno == EPERM);
  return 0;
}

static int system_calls_agree(void) {
  struct utsname name;
  struct sysinfo info;
  cpu_set_t set;
  CHECK(uname(&name) == 0 && !strcmp(name.sysname, "Linux") && !strcmp(name.machine, "riscv64"));
  CHECK(sysinfo(&info) == 0 && info.totalram > 1 << 20 && info.freeram < info.totalram);
  CHECK(sched_getaffinity(0, sizeof(set), &set) == 0 && CPU_COUNT(&set) == sysconf(_SC_NPROCESSORS_ONLN));
  struct rlimit limit;
  CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur == 1024);
  limit.rlim_cur = 20;
  CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0 && getrlimit(RLIMIT_NOFILE, &limit) == 0 &&
        limit.rlim_cur == 20);
  CHECK(getauxval(AT_PAGESZ) == 4096 && getauxval(AT_RANDOM) && (getauxval(AT_HWCAP) & 1));
  return 0;
}

int main(void) {
  static const struct test_case cases[] = {
      {"process directory", process_directory},       {"names by prctl", names_by_prctl},
      {"memory is counted", memory_is_counted},
      {"links of a process", links_of_a_process},     {"descriptors are listed", descriptors_are_listed},
      {"processes are listed", processes_are_listed}, {"system files", system_files},
      {"system calls agree", system_calls_agree},
  };
  return RUN_CASES("procfiles", cases);
}
