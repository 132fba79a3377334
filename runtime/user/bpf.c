/* SPDX-License-Identifier: MIT OR Apache-2.0
 * The wrappers of bpf.h: each fills the attr of one command and makes the system call. */
#include "bpf.h"
#include "abi/limits.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

enum {
#define KBPF_COMMAND(number, name, NAME, since, text) COMMAND_##NAME = number,
#include "abi/commands.def"
#undef KBPF_COMMAND
};

static uint64_t address_of(const void *pointer) { return (uint64_t)(uintptr_t)pointer; }

static int call_bpf(int command, void *attr, size_t size) {
  long result = syscall(KBPF_SYSCALL_NUMBER, command, attr, size);
  return result < 0 ? -errno : (int)result;
}

static int fail(int error) {
  errno = error;
  return -error;
}

/* Names longer than the kernel keeps are cut, as libbpf does. */
static void copy_name(char to[KBPF_OBJ_NAME_LEN], const char *name) {
  size_t length = name ? strnlen(name, KBPF_OBJ_NAME_LEN - 1) : 0;
  memset(to, 0, KBPF_OBJ_NAME_LEN);
  if (length)
    memcpy(to, name, length);
}

int bpf_map_create(enum bpf_map_type map_type, const char *map_name, uint32_t key_size, uint32_t value_size,
                   uint32_t max_entries, const struct bpf_map_create_opts *opts) {
  struct kbpf_attr_map_create attr;
  memset(&attr, 0, sizeof(attr));
  attr.map_type = map_type;
  attr.key_size = key_size;
  attr.value_size = value_size;
  attr.max_entries = max_entries;
  copy_name(attr.map_name, map_name);
  if (opts) {
    if (opts->sz < sizeof(*opts))
      return fail(EINVAL);
    attr.map_flags = opts->map_flags;
    attr.inner_map_fd = opts->inner_map_fd;
    attr.numa_node = opts->numa_node;
    attr.map_ifindex = opts->map_ifindex;
    attr.btf_fd = opts->btf_fd;
    attr.btf_key_type_id = opts->btf_key_type_id;
    attr.btf_value_type_id = opts->btf_value_type_id;
    attr.btf_vmlinux_value_type_id = opts->btf_vmlinux_value_type_id;
    attr.map_extra = opts->map_extra;
  }
  return call_bpf(COMMAND_MAP_CREATE, &attr, sizeof(attr));
}

static int element_call(int command, int fd, const void *key, const void *value, uint64_t flags) {
  struct kbpf_attr_map_elem attr;
  memset(&attr, 0, sizeof(attr));
  attr.map_fd = (uint32_t)fd;
  attr.key = address_of(key);
  attr.value = address_of(value);
  attr.flags = flags;
  return call_bpf(command, &attr, sizeof(attr));
}

int bpf_map_update_elem(int fd, const void *key, const void *value, uint64_t flags) {
  return element_call(COMMAND_MAP_UPDATE_ELEM, fd, key, value, flags);
}
int bpf_map_lookup_elem(int fd, const void *key, void *value) {
  return element_call(COMMAND_MAP_LOOKUP_ELEM, fd, key, value, 0);
}
int bpf_map_delete_elem(int fd, const void *key) {
  return element_call(COMMAND_MAP_DELETE_ELEM, fd, key, NULL, 0);
}
int bpf_map_get_next_key(int fd, const void *key, void *next_key) {
  return element_call(COMMAND_MAP_GET_NEXT_KEY, fd, key, next_key, 0);
}

int bpf_map_freeze(int fd) {
  struct kbpf_attr_map_elem attr;
  memset(&attr, 0, sizeof(attr));
  attr.map_fd = (uint32_t)fd;
  return call_bpf(COMMAND_MAP_FREEZE, &attr, sizeof(attr.map_fd));
}

int bpf_obj_pin(int fd, const char *pathname) {
  struct kbpf_attr_obj attr;
  memset(&attr, 0, sizeof(attr));
  attr.pathname = address_of(pathname);
  attr.bpf_fd = (uint32_t)fd;
  return call_bpf(COMMAND_OBJ_PIN, &attr, sizeof(attr));
}
int bpf_obj_get(const char *pathname) {
  struct kbpf_attr_obj attr;
  memset(&attr, 0, sizeof(attr));
  attr.pathname = address_of(pathname);
  return call_bpf(COMMAND_OBJ_GET, &attr, sizeof(attr));
}

int bpf_prog_load(enum bpf_prog_type prog_type, const char *prog_name, const char *license,
                  const struct bpf_insn *insns, size_t insn_cnt, struct bpf_prog_load_opts *opts) {
  struct kbpf_attr_prog_load attr;
  memset(&attr, 0, sizeof(attr));
  if (insn_cnt > UINT32_MAX || (opts && opts->sz < sizeof(*opts)))
    return fail(EINVAL);
  attr.prog_type = prog_type;
  attr.insn_cnt = (uint32_t)insn_cnt;
  attr.insns = address_of(insns);
  attr.license = address_of(license);
  copy_name(attr.prog_name, prog_name);
  if (opts) {
    attr.prog_flags = opts->prog_flags;
    attr.expected_attach_type = opts->expected_attach_type;
    attr.fd_array = address_of(opts->fd_array);
    attr.log_level = opts->log_level;
    attr.log_size = opts->log_size;
    attr.log_buf = address_of(opts->log_buf);
  }
  int result = call_bpf(COMMAND_PROG_LOAD, &attr, sizeof(attr));
  if (opts)
    opts->log_true_size = attr.log_true_size;
  return result;
}

int bpf_create_map(enum bpf_map_type map_type, int key_size, int value_size, int max_entries) {
  return bpf_map_create(map_type, NULL, (uint32_t)key_size, (uint32_t)value_size, (uint32_t)max_entries,
                        NULL);
}
int bpf_update_elem(int fd, const void *key, const void *value, uint64_t flags) {
  return bpf_map_update_elem(fd, key, value, flags);
}
int bpf_lookup_elem(int fd, const void *key, void *value) { return bpf_map_lookup_elem(fd, key, value); }
int bpf_delete_elem(int fd, const void *key) { return bpf_map_delete_elem(fd, key); }
int bpf_get_next_key(int fd, const void *key, void *next_key) {
  return bpf_map_get_next_key(fd, key, next_key);
}

int bpf_prog_load_ex_opts(const void *elf, size_t elf_size, const struct bpf_map_fd_entry *maps,
                          size_t map_count, const struct bpf_load_ex_opts *opts) {
  struct kbpf_map_binding bindings[KBPF_MAX_MAPS_PER_PROG];
  struct kbpf_attr_prog_load_ex attr;
  memset(&attr, 0, sizeof(attr));
  if (elf_size > UINT32_MAX || map_count > KBPF_MAX_MAPS_PER_PROG || (opts && opts->sz < sizeof(*opts)))
    return fail(E2BIG);
  for (size_t i = 0; i < map_count; i++) {
    bindings[i].name = address_of(maps[i].name);
    bindings[i].fd = maps[i].fd;
    bindings[i].pad = 0;
  }
  attr.elf = address_of(elf);
  attr.elf_size = (uint32_t)elf_size;
  attr.map_array_len = (uint32_t)map_count;
  attr.map_array = map_count ? address_of(bindings) : 0;
  /* Without options the attr has the 32 bytes that every kernel of the family knows. */
  size_t size = offsetof(struct kbpf_attr_prog_load_ex, prog_name) + sizeof(attr.prog_name);
  if (opts) {
    attr.prog_name = address_of(opts->prog_name);
    attr.log_level = opts->log_level;
    attr.log_size = opts->log_size;
    attr.log_buf = address_of(opts->log_buf);
    size = sizeof(attr);
  }
  return call_bpf(COMMAND_PROG_LOAD_EX, &attr, size);
}

int bpf_prog_load_ex(const void *elf, size_t elf_size, const struct bpf_map_fd_entry *maps,
                     size_t map_count) {
  return bpf_prog_load_ex_opts(elf, elf_size, maps, map_count, NULL);
}

static int attach_call(int command, const char *target, uint32_t prog_fd) {
  struct {
    struct kbpf_attr_attach attach;
    kbpf_u64 rest[2]; /* the seeds' kernels take 32 bytes */
  } attr;
  memset(&attr, 0, sizeof(attr));
  size_t length = strlen(target);
  if (length > UINT32_MAX)
    return fail(E2BIG);
  attr.attach.target = address_of(target);
  attr.attach.target_len = (uint32_t)length;
  attr.attach.prog_fd = prog_fd;
  return call_bpf(command, &attr, sizeof(attr));
}

int bpf_prog_attach(const char *target, uint32_t prog_fd) {
  return attach_call(COMMAND_PROG_ATTACH, target, prog_fd);
}
int bpf_prog_detach(const char *target, uint32_t prog_fd) {
  return attach_call(COMMAND_PROG_DETACH, target, prog_fd);
}
