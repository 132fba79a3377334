/* SPDX-License-Identifier: MIT OR Apache-2.0
 * The address space: mappings of all kinds, protection, growth and moves, what fork shares, what the kernel
 * refuses. */
#define _GNU_SOURCE
#include "check.h"
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { kPage = 4096 };

static sigjmp_buf escape;
static volatile int caught;
static void leave(int number) {
  caught = number;
  siglongjmp(escape, 1);
}
static int faults(volatile char *address, int write) {
  caught = 0;
  if (!sigsetjmp(escape, 1)) {
    if (write)
      *address = 1;
    else
      (void)*address;
  }
  return caught;
}

static int anonymous_pages_are_zero(void) {
  unsigned char *memory = mmap(NULL, 64 * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(memory != MAP_FAILED);
  for (int i = 0; i < 64 * kPage; i += 511)
    CHECK(memory[i] == 0);
  memset(memory, 0xaa, 64 * kPage);
  CHECK(munmap(memory + 16 * kPage, 16 * kPage) == 0);
  CHECK(faults((char *)memory + 16 * kPage, 0) == SIGSEGV && faults((char *)memory + 32 * kPage, 0) == 0);
  CHECK(munmap(memory, 64 * kPage) == 0 && faults((char *)memory, 0) == SIGSEGV);
  return 0;
}

static int protection_holds(void) {
  char *memory = mmap(NULL, 3 * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  memory[kPage] = 7;
  CHECK(mprotect(memory + kPage, kPage, PROT_READ) == 0);
  CHECK(faults(memory + kPage, 1) == SIGSEGV && faults(memory + kPage, 0) == 0 && memory[kPage] == 7);
  CHECK(faults(memory, 1) == 0 && faults(memory + 2 * kPage, 1) == 0);
  CHECK(mprotect(memory + kPage, kPage, PROT_NONE) == 0 && faults(memory + kPage, 0) == SIGSEGV);
  CHECK(mprotect(memory + kPage, kPage, PROT_READ | PROT_WRITE) == 0 && memory[kPage] == 7);
  CHECK(munmap(memory, 3 * kPage) == 0);
  CHECK_FAILS(mprotect(memory, kPage, PROT_READ), ENOMEM);
  return 0;
}

static int private_file_mapping(void) {
  int fd = open("/tmp/m", O_CREAT | O_RDWR, 0600);
  CHECK(write(fd, "file contents", 13) == 13);
  char *memory = mmap(NULL, kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0), back[16];
  CHECK(memory != MAP_FAILED && !memcmp(memory, "file contents", 13) && memory[13] == 0);
  memory[0] = 'F';
  CHECK(pread(fd, back, 4, 0) == 4 && !memcmp(back, "file", 4));
  CHECK(munmap(memory, kPage) == 0);
  close(fd);
  CHECK(unlink("/tmp/m") == 0);
  return 0;
}

static int shared_file_mapping(void) {
  int fd = open("/tmp/m", O_CREAT | O_RDWR, 0600);
  CHECK(ftruncate(fd, 2 * kPage) == 0);
  char *one = mmap(NULL, 2 * kPage, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  char *two = mmap(NULL, kPage, PROT_READ, MAP_SHARED, fd, kPage);
  CHECK(one != MAP_FAILED && two != MAP_FAILED);
  strcpy(one + kPage, "through the page");
  CHECK(!strcmp(two, "through the page"));
  char back[8];
  CHECK(pread(fd, back, 7, kPage) == 7 && !memcmp(back, "through", 7));
  CHECK(pwrite(fd, "THROUGH", 7, kPage) == 7 && !memcmp(two, "THROUGH", 7));
  CHECK(msync(one, 2 * kPage, MS_SYNC) == 0);
  CHECK(munmap(one, 2 * kPage) == 0 && munmap(two, kPage) == 0);
  char *beyond = mmap(NULL, 4 * kPage, PROT_READ, MAP_SHARED, fd, 0);
  CHECK(faults(beyond + 3 * kPage, 0) == SIGBUS);
  CHECK(munmap(beyond, 4 * kPage) == 0);
  close(fd);
  fd = open("/tmp/m", O_RDONLY);
  CHECK(mmap(NULL, kPage, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED && errno == EACCES);
  close(fd);
  CHECK(unlink("/tmp/m") == 0);
  return 0;
}

static int fork_shares_what_is_shared(void) {
  int *shared = mmap(NULL, kPage, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  int *private = mmap(NULL, kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  *shared = *private = 1;
  pid_t child = fork();
  if (!child) {
    *shared = *private = 2;
    _exit(0);
  }
  CHECK(waitpid(child, NULL, 0) == child);
  CHECK(*shared == 2 && *private == 1);
  munmap(shared, kPage);
  munmap(private, kPage);
  return 0;
}

static char *set_break(char *to) { return (char *)syscall(SYS_brk, to); }

static int break_grows_and_shrinks(void) {
  char *start = set_break(NULL), *end = start + 100 * kPage;
  CHECK(set_break(end) == end);
  memset(start, 5, 100 * kPage);
  CHECK(set_break(start) == start && set_break(end) == end);
  CHECK(start[50 * kPage] == 0);
  CHECK(set_break((char *)-1L) == end && set_break(start) == start);
  return 0;
}

static int remap_moves_contents(void) {
  char *memory = mmap(NULL, 2 * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  char *wall = mmap(memory + 2 * kPage, kPage, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  CHECK(wall == memory + 2 * kPage);
  strcpy(memory + kPage, "moved");
  CHECK(mremap(memory, 2 * kPage, 8 * kPage, 0) == MAP_FAILED && errno == ENOMEM);
  char *moved = mremap(memory, 2 * kPage, 8 * kPage, MREMAP_MAYMOVE);
  CHECK(moved != MAP_FAILED && moved != memory && !strcmp(moved + kPage, "moved") && moved[7 * kPage] == 0);
  CHECK(mremap(moved, 8 * kPage, kPage, 0) == moved && faults(moved + kPage, 0) == SIGSEGV);
  munmap(moved, kPage);
  munmap(wall, kPage);
  return 0;
}

static int discarded_pages_read_zero(void) {
  char *memory = mmap(NULL, 4 * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  memset(memory, 1, 4 * kPage);
  CHECK(madvise(memory + kPage, kPage, MADV_DONTNEED) == 0);
  CHECK(memory[0] == 1 && memory[kPage] == 0 && memory[2 * kPage] == 1);
  munmap(memory, 4 * kPage);
  CHECK_FAILS(madvise(memory, kPage, MADV_DONTNEED), ENOMEM);
  return 0;
}

static int generated_code_runs(void) {
  unsigned *code = mmap(NULL, kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  int (*function)(void) = (int (*)(void))(void *)code;
  for (int i = 0; i < 3; i++) {
    CHECK(mprotect(code, kPage, PROT_READ | PROT_WRITE) == 0);
    code[0] = 0x00000513u | (unsigned)(i + 40) << 20; /* li a0, i + 40 */
    code[1] = 0x00008067;                             /* ret */
    CHECK(mprotect(code, kPage, PROT_READ | PROT_EXEC) == 0);
    __builtin___clear_cache((char *)code, (char *)code + 8);
    CHECK(function() == i + 40);
  }
  munmap(code, kPage);
  return 0;
}

static int memory_descriptor(void) {
  int fd = memfd_create("scratch", MFD_CLOEXEC);
  CHECK(fd >= 0 && ftruncate(fd, kPage) == 0);
  char *memory = mmap(NULL, kPage, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), link[64] = "";
  CHECK(memory != MAP_FAILED);
  strcpy(memory, "seen");
  char back[5];
  CHECK(pread(fd, back, 5, 0) == 5 && !strcmp(back, "seen"));
  char path[32];
  snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
  CHECK(readlink(path, link, 63) > 0 && !strncmp(link, "/memfd:scratch", 14));
  munmap(memory, kPage);
  close(fd);
  return 0;
}

static int kernel_checks_pointers(void) {
  int ends[2];
  CHECK(pipe(ends) == 0 && write(ends[1], "abc", 3) == 3);
  CHECK_FAILS(read(ends[0], (void *)0x1000, 3), EFAULT);
  CHECK_FAILS(write(ends[1], (void *)-4096L, 3), EFAULT);
  CHECK_FAILS(write(ends[1], (void *)0xffffffff80200000L, 3), EFAULT);
  CHECK_FAILS(read(ends[0], (void *)0xffffffff80200000L, 3), EFAULT);
  char *constant = mmap(NULL, kPage, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK_FAILS(read(ends[0], constant, 3), EFAULT);
  char text[3];
  CHECK(read(ends[0], text, 3) == 3 && !memcmp(text, "abc", 3));
  close(ends[0]), close(ends[1]);
  return 0;
}

static int remap_to_a_place(void) {
  const int flags = MAP_PRIVATE | MAP_ANONYMOUS;
  char *memory = mmap(NULL, 16 * kPage, PROT_READ | PROT_WRITE, flags, -1, 0), *gone = memory + 2 * kPage;
  strcpy(gone, "here");
  memory[10 * kPage] = 'x';
  CHECK(mremap(gone, 2 * kPage, 3 * kPage, MREMAP_MAYMOVE | MREMAP_FIXED, memory + 9 * kPage) == memory + 9 * kPage);
  CHECK(!strcmp(memory + 9 * kPage, "here") && memory[10 * kPage] == 0 && faults(gone, 0) == SIGSEGV);
  CHECK(faults(memory + kPage, 1) == 0 && faults(memory + 12 * kPage, 1) == 0);
  char *kept = memory + 9 * kPage, *moved = mremap(kept, kPage, kPage, MREMAP_MAYMOVE | 4 /* DONTUNMAP */);
  CHECK(moved != MAP_FAILED && !strcmp(moved, "here") && kept[0] == 0);
  CHECK(mremap(kept, 2 * kPage, 2 * kPage, MREMAP_MAYMOVE | MREMAP_FIXED, kept + kPage) == MAP_FAILED &&
        errno == EINVAL);
  CHECK(mremap(kept, kPage, kPage, MREMAP_FIXED, memory) == MAP_FAILED && errno == EINVAL);
  return munmap(memory, 16 * kPage);
}

static int sealed_memory_stays(void) {
  int fd = memfd_create("sealed", MFD_ALLOW_SEALING);
  CHECK(fd >= 0 && ftruncate(fd, kPage) == 0 && pwrite(fd, "text", 4, 0) == 4);
  CHECK(fcntl(fd, F_GET_SEALS) == 0 && fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) == 0);
  CHECK_FAILS(ftruncate(fd, 2 * kPage), EPERM);
  CHECK_FAILS(ftruncate(fd, 0), EPERM);
  CHECK_FAILS(pwrite(fd, "text", 4, kPage - 2), EPERM);
  CHECK(pwrite(fd, "TEXT", 4, 0) == 4 && fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SEAL) == 0);
  CHECK_FAILS(pwrite(fd, "text", 4, 0), EPERM);
  CHECK(mmap(NULL, kPage, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED && errno == EPERM);
  char *memory = mmap(NULL, kPage, PROT_READ, MAP_SHARED, fd, 0);
  CHECK(memory != MAP_FAILED && !memcmp(memory, "TEXT", 4));
  CHECK_FAILS(mprotect(memory, kPage, PROT_READ | PROT_WRITE), EACCES);
  CHECK_FAILS(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW), EPERM);
  int plain = memfd_create("plain", 0);
  CHECK(fcntl(plain, F_GET_SEALS) == F_SEAL_SEAL);
  CHECK_FAILS(fcntl(plain, F_ADD_SEALS, F_SEAL_GROW), EPERM);
  return munmap(memory, kPage) || close(fd) || close(plain);
}

static int advice_for_fork(void) {
  char *memory = mmap(NULL, 3 * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  memset(memory, 'x', 3 * kPage);
  CHECK(madvise(memory, kPage, 18 /* WIPEONFORK */) == 0 && madvise(memory + kPage, kPage, MADV_DONTFORK) == 0);
  pid_t child = fork();
  if (!child)
    _exit(memory[5] != 0 || faults(memory + kPage, 0) != SIGSEGV || memory[2 * kPage] != 'x');
  int status;
  CHECK(waitpid(child, &status, 0) == child && status == 0 && memory[5] == 'x');
  CHECK(madvise(memory, kPage, 23 /* POPULATE_WRITE */) == 0 && memory[5] == 'x');
  return munmap(memory, 3 * kPage);
}

static int recurse(int depth) {
  volatile char frame[1024];
  frame[0] = (char)depth;
  return depth ? recurse(depth - 1) + frame[0] - (char)depth : 0;
}

static int stack_grows(void) {
  CHECK(recurse(6000) == 0);
  return 0;
}

int main(void) {
  struct sigaction action = {.sa_handler = leave, .sa_flags = SA_NODEFER};
  sigaction(SIGSEGV, &action, NULL);
  sigaction(SIGBUS, &action, NULL);
  static const struct test_case cases[] = {
      {"anonymous pages are zero", anonymous_pages_are_zero},
      {"protection holds", protection_holds},
      {"private file mapping", private_file_mapping},
      {"shared file mapping", shared_file_mapping},
      {"fork shares what is shared", fork_shares_what_is_shared},
      {"break grows and shrinks", break_grows_and_shrinks},
      {"remap moves contents", remap_moves_contents},
      {"discarded pages read zero", discarded_pages_read_zero},
      {"generated code runs", generated_code_runs},
      {"memory descriptor", memory_descriptor},
      {"kernel checks pointers", kernel_checks_pointers},
      {"stack grows", stack_grows},
      {"remap to a place", remap_to_a_place},
      {"sealed memory stays", sealed_memory_stays},
      {"advice for fork", advice_for_fork},
  };
  return RUN_CASES("memory", cases);
}
