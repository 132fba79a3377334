/* SPDX-License-Identifier: MIT OR Apache-2.0
 * The file tree: contents, names, links, permissions, positions, directories. */
#define _GNU_SOURCE
#include "check.h"
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static int write_and_read_back(void) {
  int fd = open("/tmp/a", O_RDWR | O_CREAT | O_TRUNC, 0640);
  char buffer[32] = "";
  struct stat info;
  CHECK(fd >= 0 && write(fd, "hello world", 11) == 11);
  CHECK(lseek(fd, 6, SEEK_SET) == 6 && read(fd, buffer, 31) == 5 && !strcmp(buffer, "world"));
  CHECK(read(fd, buffer, 1) == 0);
  CHECK(fstat(fd, &info) == 0 && info.st_size == 11 && info.st_mode == (S_IFREG | 0640) &&
        info.st_nlink == 1);
  CHECK(pread(fd, buffer, 5, 0) == 5 && !memcmp(buffer, "hello", 5));
  CHECK(pwrite(fd, "HE", 2, 0) == 2 && pread(fd, buffer, 3, 0) == 3 && !memcmp(buffer, "HEl", 3));
  CHECK(lseek(fd, 0, SEEK_CUR) == 11);
  CHECK(close(fd) == 0 && unlink("/tmp/a") == 0);
  CHECK_FAILS(open("/tmp/a", O_RDONLY), ENOENT);
  CHECK_FAILS(close(fd), EBADF);
  return 0;
}

static int large_and_sparse(void) {
  static char block[65536], back[65536];
  for (size_t i = 0; i < sizeof(block); i++)
    block[i] = (char)(i * 7 + i / 256);
  int fd = open("/tmp/big", O_RDWR | O_CREAT | O_TRUNC, 0600);
  for (int i = 0; i < 64; i++)
    CHECK(write(fd, block, sizeof(block)) == (ssize_t)sizeof(block));
  for (int i = 0; i < 64; i++)
    CHECK(pread(fd, back, sizeof(back), (off_t)i * 65536) == (ssize_t)sizeof(back) &&
          !memcmp(block, back, sizeof(back)));
  struct stat info;
  CHECK(ftruncate(fd, 5) == 0 && fstat(fd, &info) == 0 && info.st_size == 5 && info.st_blocks == 8);
  CHECK(ftruncate(fd, 10) == 0 && pread(fd, back, 10, 0) == 10 && !memcmp(back + 5, "\0\0\0\0\0", 5));
  CHECK(pwrite(fd, "x", 1, 1L << 36) == 1);
  CHECK(fstat(fd, &info) == 0 && info.st_size == (1L << 36) + 1 && info.st_blocks == 16);
  CHECK(pread(fd, back, 4096, 1L << 35) == 4096 && back[0] == 0 && back[4095] == 0);
  CHECK_FAILS(pwrite(fd, "x", 1, 1L << 40), EFBIG);
  close(fd);
  CHECK(unlink("/tmp/big") == 0);
  return 0;
}

static int append_goes_to_the_end(void) {
  int first = open("/tmp/log", O_WRONLY | O_CREAT | O_APPEND, 0600),
      second = open("/tmp/log", O_WRONLY | O_APPEND);
  CHECK(write(first, "one", 3) == 3 && write(second, "two", 3) == 3 && write(first, "six", 3) == 3);
  char text[16] = "";
  int reader = open("/tmp/log", O_RDONLY);
  CHECK(read(reader, text, 15) == 9 && !strcmp(text, "onetwosix"));
  close(first), close(second), close(reader);
  CHECK(unlink("/tmp/log") == 0);
  return 0;
}

static int directories(void) {
  CHECK(mkdir("/tmp/d", 0755) == 0);
  CHECK_FAILS(mkdir("/tmp/d", 0755), EEXIST);
  char name[64];
  for (int i = 0; i < 300; i++) {
    snprintf(name, sizeof(name), "/tmp/d/file-%d", i);
    int fd = open(name, O_CREAT | O_WRONLY, 0600);
    CHECK(fd >= 0 && close(fd) == 0);
  }
  DIR *directory = opendir("/tmp/d");
  struct dirent *entry;
  int count = 0, dots = 0;
  while ((entry = readdir(directory))) {
    if (entry->d_name[0] == '.')
      dots++;
    else {
      CHECK(entry->d_type == DT_REG);
      count++;
      CHECK(unlinkat(dirfd(directory), entry->d_name, 0) == 0); /* the walk goes on while entries go */
    }
  }
  closedir(directory);
  CHECK(count == 300 && dots == 2);
  struct stat info;
  CHECK(mkdir("/tmp/d/sub", 0700) == 0 && stat("/tmp/d", &info) == 0 && info.st_nlink == 3);
  CHECK_FAILS(rmdir("/tmp/d"), ENOTEMPTY);
  CHECK_FAILS(unlink("/tmp/d/sub"), EISDIR);
  CHECK(rmdir("/tmp/d/sub") == 0 && rmdir("/tmp/d") == 0);
  CHECK_FAILS(rmdir("/tmp/d"), ENOENT);
  CHECK_FAILS(rmdir("/dev/null"), ENOTDIR);
  return 0;
}

static int links(void) {
  char text[64] = "";
  struct stat a, b;
  int fd = open("/tmp/one", O_CREAT | O_RDWR, 0600);
  CHECK(write(fd, "x", 1) == 1 && close(fd) == 0);
  CHECK(link("/tmp/one", "/tmp/two") == 0 && stat("/tmp/one", &a) == 0 && stat("/tmp/two", &b) == 0);
  CHECK(a.st_ino == b.st_ino && a.st_nlink == 2);
  CHECK(unlink("/tmp/one") == 0 && stat("/tmp/two", &b) == 0 && b.st_nlink == 1);
  CHECK(symlink("two", "/tmp/sym") == 0 && readlink("/tmp/sym", text, 63) == 3 && !strcmp(text, "two"));
  CHECK(lstat("/tmp/sym", &a) == 0 && S_ISLNK(a.st_mode) && a.st_size == 3);
  CHECK(stat("/tmp/sym", &a) == 0 && a.st_ino == b.st_ino);
  CHECK_FAILS(open("/tmp/sym", O_RDONLY | O_NOFOLLOW), ELOOP);
  CHECK(symlink("loop-b", "/tmp/loop-a") == 0 && symlink("loop-a", "/tmp/loop-b") == 0);
  CHECK_FAILS(open("/tmp/loop-a", O_RDONLY), ELOOP);
  CHECK(unlink("/tmp/loop-a") == 0 && unlink("/tmp/loop-b") == 0 && unlink("/tmp/sym") == 0 &&
        unlink("/tmp/two") == 0);
  CHECK_FAILS(link("/tmp", "/tmp2"), EPERM);
  return 0;
}

static int rename_moves(void) {
  struct stat info;
  CHECK(mkdir("/tmp/r", 0755) == 0 && mkdir("/tmp/r/in", 0755) == 0 && mkdir("/tmp/s", 0755) == 0);
  CHECK(close(open("/tmp/r/in/f", O_CREAT | O_WRONLY, 0600)) == 0);
  CHECK(rename("/tmp/r/in", "/tmp/s/out") == 0 && stat("/tmp/s/out/f", &info) == 0);
  CHECK_FAILS(stat("/tmp/r/in", &info), ENOENT);
  char here[PATH_MAX];
  CHECK(chdir("/tmp/s/out") == 0 && getcwd(here, sizeof(here)) && !strcmp(here, "/tmp/s/out"));
  CHECK(chdir("..") == 0 && getcwd(here, sizeof(here)) && !strcmp(here, "/tmp/s") && chdir("/") == 0);
  CHECK_FAILS(rename("/tmp/s", "/tmp/s/out/x"), EINVAL);
  CHECK_FAILS(rename("/tmp/r", "/tmp/s"), ENOTEMPTY);
  CHECK(close(open("/tmp/g", O_CREAT | O_WRONLY, 0600)) == 0);
  CHECK_FAILS(rename("/tmp/g", "/tmp/s"), EISDIR);
  CHECK(rename("/tmp/g", "/tmp/s/out/f") == 0 && unlink("/tmp/s/out/f") == 0);
  CHECK(rmdir("/tmp/s/out") == 0 && rmdir("/tmp/s") == 0 && rmdir("/tmp/r") == 0);
  return 0;
}

static int open_modes(void) {
  CHECK_FAILS(open("/tmp", O_WRONLY), EISDIR);
  CHECK_FAILS(open("/dev/null/x", O_RDONLY), ENOTDIR);
  CHECK_FAILS(open("", O_RDONLY), ENOENT);
  static char longest[5000];
  memset(longest, 'a', sizeof(longest) - 1);
  CHECK_FAILS(open(longest, O_RDONLY), ENAMETOOLONG);
  longest[300] = 0;
  CHECK_FAILS(open(longest, O_RDONLY | O_CREAT, 0600), ENAMETOOLONG);
  CHECK_FAILS(open((char *)8, O_RDONLY), EFAULT);
  int fd = open("/tmp/x", O_CREAT | O_EXCL | O_WRONLY, 0600);
  CHECK(fd >= 0);
  char byte;
  CHECK_FAILS(read(fd, &byte, 1), EBADF);
  close(fd);
  CHECK_FAILS(open("/tmp/x", O_CREAT | O_EXCL | O_WRONLY, 0600), EEXIST);
  fd = open("/tmp/x", O_RDONLY);
  CHECK_FAILS(write(fd, "x", 1), EBADF);
  close(fd);
  fd = open("/tmp", O_RDONLY | O_DIRECTORY);
  int relative = openat(fd, "x", O_RDONLY);
  CHECK(fd >= 0 && relative >= 0);
  CHECK_FAILS(read(fd, &byte, 1), EISDIR);
  close(fd), close(relative);
  CHECK(access("/tmp/x", F_OK) == 0 && unlink("/tmp/x") == 0);
  CHECK_FAILS(access("/tmp/x", F_OK), ENOENT);
  return 0;
}

static int deleted_file_stays_open(void) {
  int fd = open("/tmp/gone", O_CREAT | O_RDWR, 0600);
  CHECK(write(fd, "still", 5) == 5 && unlink("/tmp/gone") == 0);
  char text[8];
  struct stat info;
  CHECK(pread(fd, text, 5, 0) == 5 && !memcmp(text, "still", 5) && fstat(fd, &info) == 0 &&
        info.st_nlink == 0);
  close(fd);
  return 0;
}

static int descriptors(void) {
  int fd = open("/dev/null", O_RDONLY);
  int copy = dup(fd), third = dup2(fd, 100);
  CHECK(copy == fd + 1 && third == 100);
  CHECK(fcntl(fd, F_DUPFD, 50) == 50 && fcntl(fd, F_DUPFD_CLOEXEC, 50) == 51 &&
        fcntl(51, F_GETFD) == FD_CLOEXEC);
  CHECK(fcntl(fd, F_GETFL) == (O_RDONLY | (fcntl(fd, F_GETFL) & ~O_ACCMODE)));
  CHECK(fcntl(fd, F_SETFL, O_NONBLOCK) == 0 && (fcntl(copy, F_GETFL) & O_NONBLOCK));
  CHECK_FAILS(dup2(77, 78), EBADF);
  CHECK_FAILS(dup2(fd, 100000), EBADF);
  close(fd), close(copy), close(100), close(50), close(51);
  int opened = 0;
  while (open("/dev/null", O_RDONLY) >= 0)
    opened++;
  CHECK(errno == EMFILE && opened > 1000);
  CHECK(syscall(436, 3, ~0u, 0) == 0); /* close_range */
  fd = open("/dev/null", O_RDONLY);
  CHECK(fd == 3 && close(fd) == 0);
  return 0;
}

static int vectors_and_sendfile(void) {
  int fd = open("/tmp/v", O_CREAT | O_RDWR, 0600), out = open("/tmp/w", O_CREAT | O_RDWR, 0600);
  struct iovec pieces[3] = {{"ab", 2}, {"", 0}, {"cde", 3}};
  CHECK(writev(fd, pieces, 3) == 5);
  char a[2], b[10];
  struct iovec back[2] = {{a, 2}, {b, 10}};
  CHECK(preadv(fd, back, 2, 0) == 5 && !memcmp(a, "ab", 2) && !memcmp(b, "cde", 3));
  off_t from = 1;
  CHECK(sendfile(out, fd, &from, 100) == 4 && from == 5);
  CHECK(pread(out, b, 10, 0) == 4 && !memcmp(b, "bcde", 4));
  close(fd), close(out);
  CHECK(unlink("/tmp/v") == 0 && unlink("/tmp/w") == 0);
  return 0;
}

static int permissions_hold_for_others(void) {
  CHECK(mkdir("/tmp/sticky", 0700) == 0 && chmod("/tmp/sticky", 01777) == 0);
  int fd = open("/tmp/sticky/secret", O_CREAT | O_WRONLY, 0600);
  close(fd);
  pid_t child = fork();
  if (!child) {
    if (setuid(1000) || open("/tmp/sticky/secret", O_RDONLY) != -1 || errno != EACCES)
      _exit(1);
    if (unlink("/tmp/sticky/secret") != -1 || errno != EPERM)
      _exit(2);
    if (setuid(0) != -1 || errno != EPERM)
      _exit(3);
    _exit(0);
  }
  int status;
  CHECK(waitpid(child, &status, 0) == child && status == 0);
  CHECK(chmod("/tmp/sticky/secret", 0644) == 0 && chown("/tmp/sticky/secret", 5, 6) == 0);
  struct stat info;
  CHECK(stat("/tmp/sticky/secret", &info) == 0 && info.st_uid == 5 && info.st_gid == 6 &&
        info.st_mode == (S_IFREG | 0644));
  CHECK(umask(077) == 022 && close(open("/tmp/private", O_CREAT | O_WRONLY, 0666)) == 0);
  CHECK(stat("/tmp/private", &info) == 0 && info.st_mode == (S_IFREG | 0600) && umask(022) == 077);
  CHECK(unlink("/tmp/sticky/secret") == 0 && rmdir("/tmp/sticky") == 0 && unlink("/tmp/private") == 0);
  return 0;
}

static int times_and_statx(void) {
  int fd = open("/tmp/t", O_CREAT | O_WRONLY, 0600);
  struct timespec stamps[2] = {{1000, 5}, {2000, 6}};
  struct stat info;
  CHECK(futimens(fd, stamps) == 0 && fstat(fd, &info) == 0);
  CHECK(info.st_atim.tv_sec == 1000 && info.st_mtim.tv_sec == 2000 && info.st_mtim.tv_nsec == 6);
  struct statx extended;
  CHECK(statx(AT_FDCWD, "/tmp/t", 0, STATX_BASIC_STATS, &extended) == 0 && extended.stx_mtime.tv_sec == 2000);
  close(fd);
  CHECK(unlink("/tmp/t") == 0);
  struct statfs fs;
  CHECK(statfs("/sys/fs/bpf", &fs) == 0 && fs.f_type == (long)0xcafe4a11);
  CHECK(statfs("/proc", &fs) == 0 && fs.f_type == 0x9fa0);
  return 0;
}

static int locks_exclude(void) {
  int one = open("/tmp/lock", O_CREAT | O_RDWR, 0600), two = open("/tmp/lock", O_RDWR);
  CHECK(flock(one, LOCK_SH) == 0 && flock(two, LOCK_SH | LOCK_NB) == 0);
  CHECK_FAILS(flock(two, LOCK_EX | LOCK_NB), EWOULDBLOCK);
  CHECK(flock(one, LOCK_UN) == 0 && flock(two, LOCK_EX | LOCK_NB) == 0);
  CHECK_FAILS(flock(one, LOCK_SH | LOCK_NB), EWOULDBLOCK);
  pid_t child = fork(); /* the child's descriptor is the same description */
  if (!child) {
    close(one);
    usleep(20000);
    _exit(flock(two, LOCK_UN) != 0);
  }
  CHECK(flock(one, LOCK_EX) == 0);
  int status;
  CHECK(waitpid(child, &status, 0) == child && status == 0);
  close(one);
  CHECK(flock(two, LOCK_EX | LOCK_NB) == 0);
  close(two);
  CHECK(unlink("/tmp/lock") == 0);
  return 0;
}

static int devices(void) {
  char buffer[64];
  int null = open("/dev/null", O_RDWR), zero = open("/dev/zero", O_RDWR), full = open("/dev/full", O_RDWR),
      entropy = open("/dev/urandom", O_RDONLY);
  CHECK(write(null, "x", 1) == 1 && read(null, buffer, 1) == 0);
  memset(buffer, 1, sizeof(buffer));
  CHECK(read(zero, buffer, 64) == 64 && buffer[0] == 0 && buffer[63] == 0);
  CHECK_FAILS(write(full, "x", 1), ENOSPC);
  CHECK(read(entropy, buffer, 64) == 64);
  int same = 1;
  for (int i = 1; i < 64; i++)
    same &= buffer[i] == buffer[0];
  CHECK(!same);
  struct stat info;
  CHECK(stat("/dev/null", &info) == 0 && S_ISCHR(info.st_mode) && info.st_rdev == makedev(1, 3));
  close(null), close(zero), close(full), close(entropy);
  return 0;
}

int main(void) {
  static const struct test_case cases[] = {
      {"write and read back", write_and_read_back},
      {"large and sparse", large_and_sparse},
      {"append goes to the end", append_goes_to_the_end},
      {"directories", directories},
      {"links", links},
      {"rename moves", rename_moves},
      {"open modes", open_modes},
      {"deleted file stays open", deleted_file_stays_open},
      {"descriptors", descriptors},
      {"vectors and sendfile", vectors_and_sendfile},
      {"permissions hold for others", permissions_hold_for_others},
      {"times and statx", times_and_statx},
      {"locks exclude", locks_exclude},
      {"devices", devices},
  };
  return RUN_CASES("files", cases);
}
