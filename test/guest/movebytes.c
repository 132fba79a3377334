/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Bytes from file to file inside the kernel: splice, tee, vmsplice, copy_file_range, process_vm_readv; holes punched into
 * files; and what a file without extended attributes says. */
#define _GNU_SOURCE
#include "check.h"
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

static const char text[] = "abcdefghijklmnopqrstuvwxyz";
enum { LENGTH = sizeof(text) - 1 };

static int open_text(const char *path) {
  int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0644);
  return fd >= 0 && write(fd, text, LENGTH) == LENGTH ? fd : -1;
}

static int ranges_are_copied(void) {
  char bytes[64] = {0};
  int from = open_text("/from"), to = open("/to", O_RDWR | O_CREAT | O_TRUNC, 0644);
  loff_t at = 3, out = 2;
  CHECK(from >= 0 && to >= 0);
  CHECK(copy_file_range(from, &at, to, &out, 5, 0) == 5 && at == 8 && out == 7);
  CHECK(pread(to, bytes, sizeof(bytes), 0) == 7 && memcmp(bytes, "\0\0defgh", 7) == 0);
  CHECK(lseek(from, 20, SEEK_SET) == 20 && copy_file_range(from, NULL, to, &out, 100, 0) == LENGTH - 20);
  CHECK(lseek(from, 0, SEEK_CUR) == LENGTH && copy_file_range(from, NULL, to, NULL, 9, 0) == 0);
  at = 0, out = 5;
  CHECK_FAILS(copy_file_range(from, &at, from, &out, 10, 0), EINVAL); /* they overlap */
  CHECK_FAILS(copy_file_range(from, &at, 1, NULL, 10, 0), EINVAL);
  return close(from) | close(to);
}

static int pipes_are_spliced(void) {
  char bytes[64];
  int file = open_text("/from"), one[2], two[2];
  loff_t at = 4;
  CHECK(pipe(one) == 0 && pipe(two) == 0);
  CHECK(splice(file, &at, one[1], NULL, 6, 0) == 6 && at == 10);
  CHECK(tee(one[0], two[1], 100, 0) == 6); /* they stay */
  CHECK(read(two[0], bytes, sizeof(bytes)) == 6 && memcmp(bytes, "efghij", 6) == 0);
  at = 0;
  CHECK(splice(one[0], NULL, file, &at, 100, 0) == 6);
  CHECK(pread(file, bytes, 8, 0) == 8 && memcmp(bytes, "efghijgh", 8) == 0);
  CHECK_FAILS(splice(one[0], NULL, two[1], NULL, 5, SPLICE_F_NONBLOCK), EAGAIN);
  CHECK_FAILS(splice(file, NULL, file, NULL, 5, 0), EINVAL);
  CHECK_FAILS(splice(one[0], &at, file, NULL, 5, 0), ESPIPE);
  struct iovec pieces[] = {{(void *)text, 2}, {(void *)(text + 10), 3}};
  CHECK(vmsplice(one[1], pieces, 2, 0) == 5 && splice(one[0], NULL, two[1], NULL, 3, 0) == 3);
  CHECK(read(two[0], bytes, sizeof(bytes)) == 3 && memcmp(bytes, "abk", 3) == 0);
  for (int i = 0; i < 2; i++)
    close(one[i]), close(two[i]);
  return close(file);
}

static int holes_are_punched(void) {
  enum { SIZE = 3 * 4096 };
  static char bytes[SIZE], read_back[SIZE];
  memset(bytes, 'x', SIZE);
  int fd = open("/holes", O_RDWR | O_CREAT | O_TRUNC, 0644);
  struct stat status;
  CHECK(write(fd, bytes, SIZE) == SIZE);
  CHECK(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 100, 5000) == 0);
  memset(bytes + 100, 0, 5000);
  CHECK(pread(fd, read_back, SIZE, 0) == SIZE && memcmp(bytes, read_back, SIZE) == 0);
  CHECK(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 1 << 20) == 0 && fstat(fd, &status) == 0 && status.st_size == SIZE);
  CHECK(fallocate(fd, 16 /* ZERO_RANGE */, SIZE - 10, 20) == 0 && fstat(fd, &status) == 0 &&
        status.st_size == SIZE + 10);
  CHECK_FAILS(fallocate(fd, FALLOC_FL_PUNCH_HOLE, 0, 10), EOPNOTSUPP);
  return close(fd);
}

static int another_process_is_read(void) {
  static char shared[8192] = "before";
  int ready[2], go[2];
  CHECK(pipe(ready) == 0 && pipe(go) == 0);
  pid_t child = fork();
  if (child == 0) {
    char c = 'r';
    strcpy(shared + 4090, "written by the child");
    c = write(ready[1], &c, 1) == 1 && read(go[0], &c, 1) == 1 ? 0 : 1;
    _exit(c || strcmp(shared, "by the parent") != 0);
  }
  char c, got[32] = {0};
  struct iovec here = {got, 20}, there = {shared + 4090, 20};
  CHECK(read(ready[0], &c, 1) == 1);
  CHECK(process_vm_readv(child, &here, 1, &there, 1, 0) == 20 && memcmp(got, "written by the child", 20) == 0);
  here = (struct iovec){(void *)"by the parent", 14}, there = (struct iovec){shared, 14};
  CHECK(process_vm_writev(child, &here, 1, &there, 1, 0) == 14);
  there.iov_base = NULL;
  CHECK_FAILS(process_vm_readv(child, &here, 1, &there, 1, 0), EFAULT);
  CHECK_FAILS(process_vm_readv(30000, &here, 1, &there, 1, 0), ESRCH);
  int status;
  CHECK(write(go[1], &c, 1) == 1 && waitpid(child, &status, 0) == child && status == 0);
  return 0;
}

static int no_attributes_are_kept(void) {
  char value[16];
  int fd = open_text("/plain");
  CHECK(listxattr("/plain", value, sizeof(value)) == 0 && flistxattr(fd, NULL, 0) == 0);
  CHECK_FAILS(getxattr("/plain", "user.name", value, sizeof(value)), EOPNOTSUPP);
  CHECK_FAILS(fsetxattr(fd, "user.name", "v", 1, 0), EOPNOTSUPP);
  CHECK_FAILS(lremovexattr("/plain", "user.name"), EOPNOTSUPP);
  CHECK_FAILS(getxattr("/nowhere", "user.name", value, sizeof(value)), ENOENT);
  CHECK_FAILS(getxattr("/plain", "", value, sizeof(value)), ERANGE);
  return close(fd);
}

int main(void) {
  static const struct test_case cases[] = {
      {"ranges are copied", ranges_are_copied},     {"pipes are spliced", pipes_are_spliced},
      {"holes are punched", holes_are_punched},     {"another process is read", another_process_is_read},
      {"no attributes are kept", no_attributes_are_kept},
  };
  return RUN_CASES("movebytes", cases);
}
