/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Self-test of the bpf(2) calls, run in the guest: one line "ok NAME" or "not ok NAME: what was seen" a
 * check; the exit status is 1 where one failed. selftest [GROUP]...      groups: hash array attr prog attach
 */
#include "abi/limits.h"
#include "bpf.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int failures;

static void expect(const char *name, long seen, long wanted) {
  if (seen == wanted) {
    printf("ok %s\n", name);
  } else {
    printf("not ok %s: %ld instead of %ld\n", name, seen, wanted);
    failures++;
  }
}

static void test_hash(void) {
  uint64_t key = 7, value = 70, seen = 0, next = 0;
  int fd = bpf_map_create(BPF_MAP_TYPE_HASH, "h", 8, 8, 4, NULL);
  expect("hash create", fd >= 0, 1);
  expect("hash lookup of a missing key", bpf_map_lookup_elem(fd, &key, &seen), -ENOENT);
  expect("hash BPF_EXIST on a missing key", bpf_map_update_elem(fd, &key, &value, BPF_EXIST), -ENOENT);
  expect("hash BPF_NOEXIST on a missing key", bpf_map_update_elem(fd, &key, &value, BPF_NOEXIST), 0);
  expect("hash BPF_NOEXIST on a present key", bpf_map_update_elem(fd, &key, &value, BPF_NOEXIST), -EEXIST);
  expect("hash lookup", bpf_map_lookup_elem(fd, &key, &seen), 0);
  expect("hash value", (long)seen, 70);
  value = 71;
  expect("hash BPF_EXIST on a present key", bpf_map_update_elem(fd, &key, &value, BPF_EXIST), 0);
  bpf_map_lookup_elem(fd, &key, &seen);
  expect("hash value after replacing", (long)seen, 71);
  expect("hash unknown flag", bpf_map_update_elem(fd, &key, &value, 8), -EINVAL);
  for (key = 8; key < 11; key++)
    bpf_map_update_elem(fd, &key, &value, BPF_ANY);
  key = 99;
  expect("hash full", bpf_map_update_elem(fd, &key, &value, BPF_ANY), -E2BIG);
  key = 7;
  expect("hash replacing in a full map", bpf_map_update_elem(fd, &key, &value, BPF_ANY), 0);
  unsigned count = 0;
  uint64_t sum = 0;
  for (int r = bpf_map_get_next_key(fd, NULL, &next); r == 0; r = bpf_map_get_next_key(fd, &key, &next)) {
    key = next;
    sum += key;
    count++;
    if (count > 10)
      break;
  }
  expect("hash iteration finds every key", (long)count, 4);
  expect("hash iteration finds each key once", (long)sum, 7 + 8 + 9 + 10);
  expect("hash iteration ends with ENOENT", bpf_map_get_next_key(fd, &key, &next), -ENOENT);
  key = 1234;
  expect("hash iteration from an unknown key starts over", bpf_map_get_next_key(fd, &key, &next), 0);
  key = 8;
  expect("hash delete", bpf_map_delete_elem(fd, &key), 0);
  expect("hash delete of a missing key", bpf_map_delete_elem(fd, &key), -ENOENT);
  expect("hash lookup after delete", bpf_map_lookup_elem(fd, &key, &seen), -ENOENT);
  key = 99;
  expect("hash room after delete", bpf_map_update_elem(fd, &key, &value, BPF_ANY), 0);
  close(fd);
  expect("lookup in a closed map", bpf_map_lookup_elem(fd, &key, &seen), -EBADF);
}

static void test_array(void) {
  uint32_t key = 3, next = 0;
  uint64_t value = 5, seen = 1;
  int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "a", 4, 8, 4, NULL);
  expect("array create", fd >= 0, 1);
  expect("array lookup", bpf_map_lookup_elem(fd, &key, &seen), 0);
  expect("array begins with zeros", (long)seen, 0);
  expect("array update", bpf_map_update_elem(fd, &key, &value, BPF_ANY), 0);
  bpf_map_lookup_elem(fd, &key, &seen);
  expect("array value", (long)seen, 5);
  expect("array BPF_NOEXIST", bpf_map_update_elem(fd, &key, &value, BPF_NOEXIST), -EEXIST);
  expect("array delete", bpf_map_delete_elem(fd, &key), -EINVAL);
  key = 4;
  expect("array lookup past the end", bpf_map_lookup_elem(fd, &key, &seen), -ENOENT);
  expect("array update past the end", bpf_map_update_elem(fd, &key, &value, BPF_ANY), -E2BIG);
  expect("array first key", bpf_map_get_next_key(fd, NULL, &next), 0);
  expect("array first key is 0", (long)next, 0);
  key = 2;
  bpf_map_get_next_key(fd, &key, &next);
  expect("array key after 2", (long)next, 3);
  key = 3;
  expect("array iteration ends with ENOENT", bpf_map_get_next_key(fd, &key, &next), -ENOENT);
  close(fd);
}

static long raw(long command, void *attr, size_t size) {
  long result = syscall(KBPF_SYSCALL_NUMBER, command, attr, size);
  return result < 0 ? -errno : result;
}

static void test_attr(void) {
  unsigned char attr[256];
  memset(attr, 0, sizeof(attr));
  expect("unknown command", raw(777, attr, 128), -EINVAL);
  expect("null attr", raw(0, NULL, 64), -EFAULT);
  expect("attr larger than a page", raw(0, attr, 1 << 20), -E2BIG);
  attr[200] = 1;
  expect("unknown byte that is not zero", raw(0, attr, 256), -E2BIG);
  attr[200] = 0;
  expect("map create with zeros", raw(0, attr, 64), -EINVAL);
  expect("map create of an unknown type", bpf_map_create((enum bpf_map_type)200, "x", 4, 4, 1, NULL),
         -EINVAL);
  expect("array with an 8-byte key", bpf_map_create(BPF_MAP_TYPE_ARRAY, "x", 8, 4, 1, NULL), -EINVAL);
  expect("hash of no entries", bpf_map_create(BPF_MAP_TYPE_HASH, "x", 8, 4, 0, NULL), -EINVAL);
  int fd = bpf_map_create(BPF_MAP_TYPE_HASH, "x", 8, 8, 1, NULL);
  expect("lookup with a bad key pointer", bpf_map_lookup_elem(fd, (void *)16, attr), -EFAULT);
  uint64_t key = 1;
  bpf_map_update_elem(fd, &key, &key, BPF_ANY);
  expect("lookup with a bad value pointer", bpf_map_lookup_elem(fd, &key, (void *)16), -EFAULT);
  expect("lookup in a file that is no map", bpf_map_lookup_elem(1, &key, attr), -EINVAL);
  close(fd);
}

static struct bpf_insn make(uint8_t code, uint8_t dst, uint8_t src, int16_t off, int32_t imm) {
  struct bpf_insn insn = {code, dst, src, off, imm};
  return insn;
}

static int load(const struct bpf_insn *insns, size_t count, char *log, size_t log_size) {
  struct bpf_prog_load_opts opts = {
      .sz = sizeof(opts), .log_level = 1, .log_size = (uint32_t)log_size, .log_buf = log};
  return bpf_prog_load(BPF_PROG_TYPE_KPROBE, "selftest", "GPL", insns, count, &opts);
}

static void test_prog(void) {
  static char log[4096];
  struct bpf_insn good[] = {make(0xb7, 0, 0, 0, 0), make(0x95, 0, 0, 0, 0)};
  int fd = load(good, 2, log, sizeof(log));
  expect("load of a program that returns 0", fd >= 0, 1);
  close(fd);
  struct bpf_insn past_stack[] = {make(0x79, 0, 10, -520, 0), make(0x95, 0, 0, 0, 0)};
  expect("load that reads past its stack", load(past_stack, 2, log, sizeof(log)), -EACCES);
  expect("the log says why", log[0] != 0, 1);
  struct bpf_insn endless[] = {make(0xb7, 0, 0, 0, 0), make(0x05, 0, 0, -1, 0), make(0x95, 0, 0, 0, 0)};
  expect("load of an endless loop is refused", load(endless, 3, log, sizeof(log)) < 0, 1);
  struct bpf_insn bad_helper[] = {make(0x85, 0, 0, 0, 9999), make(0xb7, 0, 0, 0, 0), make(0x95, 0, 0, 0, 0)};
  expect("load with a helper number out of range", load(bad_helper, 3, log, sizeof(log)), -EINVAL);
  struct bpf_insn no_exit[] = {make(0xb7, 0, 0, 0, 0)};
  expect("load of a program that falls off its end", load(no_exit, 1, log, sizeof(log)) < 0, 1);
  expect("load of no instructions", load(good, 0, log, sizeof(log)), -E2BIG);
  expect("whole-object load of garbage", bpf_prog_load_ex("not an object", 13, NULL, 0), -ENOEXEC);
}

static void test_attach(void) {
  static char log[4096];
  struct bpf_insn good[] = {make(0xb7, 0, 0, 0, 0), make(0x95, 0, 0, 0, 0)};
  int fd = load(good, 2, log, sizeof(log));
  const char *target = "kprobe$refkernel::sys_openat";
  expect("attach to a symbol that does not exist", bpf_prog_attach("kprobe$no_such_function", (uint32_t)fd),
         -ENOENT);
  expect("attach to a kind that does not exist",
         bpf_prog_attach("kprobes$refkernel::sys_openat", (uint32_t)fd), -EINVAL);
  expect("attach without a kind", bpf_prog_attach("refkernel::sys_openat", (uint32_t)fd), -EINVAL);
  expect("attach to a name that two functions have",
         bpf_prog_attach("kprobe$refkernel::overloaded_for_probe_test", (uint32_t)fd), -ENOTUNIQ);
  expect("attach to one of them by its parameters",
         bpf_prog_attach("kprobe$refkernel::overloaded_for_probe_test(unsigned int)", (uint32_t)fd), 0);
  expect("detach from it",
         bpf_prog_detach("kprobe$refkernel::overloaded_for_probe_test(unsigned int)", (uint32_t)fd), 0);
  expect("attach of a descriptor that is no program", bpf_prog_attach(target, 1), -EINVAL);
  expect("attach", bpf_prog_attach(target, (uint32_t)fd), 0);
  expect("attach twice", bpf_prog_attach(target, (uint32_t)fd), -EEXIST);
  int file = open("/", O_RDONLY | O_DIRECTORY);
  expect("the probed function works", file >= 0, 1);
  close(file);
  expect("kind in capitals, detach", bpf_prog_detach("KPROBE$refkernel::sys_openat", (uint32_t)fd), 0);
  expect("detach twice", bpf_prog_detach(target, (uint32_t)fd), -ENOENT);
  pid_t child = fork();
  if (child == 0)
    _exit(bpf_prog_attach(target, (uint32_t)fd) == 0 ? 0 : 1);
  int status = 0;
  waitpid(child, &status, 0);
  expect("a child's inherited descriptor attaches", status, 0);
  expect("the attachment outlives its maker", bpf_prog_detach(target, (uint32_t)fd), 0);
  close(fd);
}

int main(int argc, char **argv) {
  static const struct {
    const char *name;
    void (*run)(void);
  } groups[] = {{"hash", test_hash},
                {"array", test_array},
                {"attr", test_attr},
                {"prog", test_prog},
                {"attach", test_attach}};
  unsigned ran = 0;
  for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
    int wanted = argc == 1;
    for (int a = 1; a < argc; a++)
      wanted |= !strcmp(argv[a], groups[i].name);
    if (wanted) {
      groups[i].run();
      ran++;
    }
  }
  if (!ran) {
    fputs("usage: selftest [hash|array|attr|prog|attach]...\n", stderr);
    return 2;
  }
  printf("selftest: %d failed\n", failures);
  return failures != 0;
}
