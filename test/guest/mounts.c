/* SPDX-License-Identifier: MIT OR Apache-2.0
 * tmpfs on a directory, and another root for a process. */
#define _GNU_SOURCE
#include "check.h"
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static int make_file(const char *path) {
  int fd = open(path, O_CREAT | O_WRONLY | O_EXCL, 0600);
  return fd < 0 ? -1 : close(fd);
}

static int tmpfs_covers_a_directory(void) {
  char where[64];
  CHECK(mkdir("/tmp/m", 0755) == 0 && make_file("/tmp/m/below") == 0);
  CHECK(mount("none", "/tmp/m", "tmpfs", 0, NULL) == 0);
  CHECK_FAILS(access("/tmp/m/below", F_OK), ENOENT);
  CHECK(make_file("/tmp/m/above") == 0 && mkdir("/tmp/m/sub", 0755) == 0);
  CHECK(chdir("/tmp/m/sub") == 0 && getcwd(where, sizeof(where)) && !strcmp(where, "/tmp/m/sub"));
  CHECK(chdir("../..") == 0 && getcwd(where, sizeof(where)) && !strcmp(where, "/tmp"));
  struct stat covered, parent;
  CHECK(stat("/tmp/m", &covered) == 0 && stat("/tmp", &parent) == 0 && covered.st_ino != parent.st_ino);
  CHECK_FAILS(rmdir("/tmp/m"), EBUSY);
  CHECK_FAILS(rename("/tmp/m", "/tmp/n"), EBUSY);
  return 0;
}

static int listed_in_proc(void) {
  FILE *file = fopen("/proc/mounts", "r");
  char line[256];
  int found = 0;
  while (file && fgets(line, sizeof(line), file))
    found += !strcmp(line, "tmpfs /tmp/m tmpfs rw 0 0\n");
  CHECK(file && fclose(file) == 0 && found == 1);
  return 0;
}

static int on_top_of_each_other(void) {
  CHECK(mount("none", "/tmp/m", "tmpfs", 0, NULL) == 0);
  CHECK_FAILS(access("/tmp/m/above", F_OK), ENOENT);
  CHECK(umount("/tmp/m") == 0 && access("/tmp/m/above", F_OK) == 0);
  return 0;
}

static int unmounted(void) {
  int fd = open("/tmp/m/above", O_RDONLY);
  CHECK_FAILS(umount("/tmp/m/sub"), EINVAL);
  CHECK(umount("/tmp/m") == 0);
  CHECK(access("/tmp/m/below", F_OK) == 0);
  CHECK_FAILS(access("/tmp/m/above", F_OK), ENOENT);
  struct stat info;
  CHECK(fstat(fd, &info) == 0 && close(fd) == 0); /* what is open stays usable */
  CHECK_FAILS(umount("/tmp/m"), EINVAL);
  CHECK(unlink("/tmp/m/below") == 0 && rmdir("/tmp/m") == 0);
  return 0;
}

static int refused(void) {
  CHECK_FAILS(mount("none", "/proc", "proc", 0, NULL), EBUSY);
  CHECK_FAILS(mount("none", "/tmp", "ext4", 0, NULL), ENODEV);
  CHECK_FAILS(mount("none", "/tmp/absent", "tmpfs", 0, NULL), ENOENT);
  CHECK_FAILS(mount("none", "/proc/version", "tmpfs", 0, NULL), ENOTDIR);
  CHECK_FAILS(mount("/tmp", "/proc", NULL, MS_BIND, NULL), EINVAL);
  return 0;
}

static int child_with_root(void) {
  char where[64];
  struct stat root, parent;
  if (chroot("/tmp/jail") || chdir("/"))
    return 1;
  if (!getcwd(where, sizeof(where)) || strcmp(where, "/"))
    return 2;
  if (stat("/", &root) || stat("/..", &parent) || root.st_ino != parent.st_ino)
    return 3;
  if (access("/inside", F_OK) || access("/link", F_OK)) /* an absolute link starts at the new root */
    return 4;
  if (!access("/proc/version", F_OK) || !access("../../../proc/version", F_OK))
    return 5;
  if (chroot("/inside") != -1 || errno != ENOTDIR || chroot("/absent") != -1 || errno != ENOENT)
    return 6;
  if (setuid(1000) || chroot("/") != -1 || errno != EPERM)
    return 7;
  return 0;
}

static int another_root(void) {
  CHECK(mkdir("/tmp/jail", 0755) == 0 && make_file("/tmp/jail/inside") == 0);
  CHECK(symlink("/inside", "/tmp/jail/link") == 0);
  pid_t child = fork();
  if (!child)
    _exit(child_with_root());
  int status;
  CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status));
  if (WEXITSTATUS(status))
    printf("the child's step %d\n", WEXITSTATUS(status));
  CHECK(WEXITSTATUS(status) == 0);
  CHECK(access("/proc/version", F_OK) == 0); /* the parent's root is what it was */
  CHECK(unlink("/tmp/jail/link") == 0 && unlink("/tmp/jail/inside") == 0 && rmdir("/tmp/jail") == 0);
  return 0;
}

int main(void) {
  static const struct test_case cases[] = {
      {"tmpfs covers a directory", tmpfs_covers_a_directory},
      {"listed in /proc/mounts", listed_in_proc},
      {"mounts on top of each other", on_top_of_each_other},
      {"unmounted", unmounted},
      {"what cannot be mounted", refused},
      {"another root", another_root},
  };
  return RUN_CASES("mounts", cases);
}
