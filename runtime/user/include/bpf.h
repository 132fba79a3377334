/* SPDX-License-Identifier: MIT OR Apache-2.0
 * bpf(2) from user space: thin wrappers, one call each, with the names and signatures of libbpf's low-level
 * functions, and the calls of the zCore family's own (whole-object load, attach by string). All return 0 or a
 * file descriptor, or a negative errno; errno is set too. Stands beside the system's <linux/bpf.h>, and does
 * without it where there is none. */
#ifndef KBPF_USER_BPF_H
#define KBPF_USER_BPF_H
#include "abi/attr.h"
#include "abi/insn.h"
#include <stddef.h>
#include <stdint.h>
#if __has_include(<linux/bpf.h>)
#include <linux/bpf.h>
#else
enum bpf_map_type {
#define KBPF_MAP_TYPE(number, name, NAME, uses, since, text) BPF_MAP_TYPE_##NAME = number,
#include "abi/map_types.def"
#undef KBPF_MAP_TYPE
};
enum bpf_prog_type {
#define KBPF_PROG_TYPE(number, name, NAME, context, since, text) BPF_PROG_TYPE_##NAME = number,
#define KBPF_SECTION(prefix, type, kind, extra, since)
#define KBPF_ATTACH_KIND(number, name, text, type, since)
#include "abi/prog_types.def"
#undef KBPF_PROG_TYPE
#undef KBPF_SECTION
#undef KBPF_ATTACH_KIND
};
enum {
  BPF_ANY = KBPF_MAP_UPDATE_ANY,
  BPF_NOEXIST = KBPF_MAP_UPDATE_NOEXIST,
  BPF_EXIST = KBPF_MAP_UPDATE_EXIST,
  BPF_F_LOCK = KBPF_MAP_ELEM_LOCK
};
struct bpf_insn {
  uint8_t code;
  uint8_t dst_reg : 4, src_reg : 4;
  int16_t off;
  int32_t imm;
};
#endif
#ifdef __cplusplus
extern "C" {
#endif

/* Options are structs that begin with their own size; null means all defaults. */
struct bpf_map_create_opts {
  size_t sz;
  uint32_t btf_fd, btf_key_type_id, btf_value_type_id, btf_vmlinux_value_type_id;
  uint32_t inner_map_fd, map_flags;
  uint64_t map_extra;
  uint32_t numa_node, map_ifindex;
};
int bpf_map_create(enum bpf_map_type map_type, const char *map_name, uint32_t key_size, uint32_t value_size,
                   uint32_t max_entries, const struct bpf_map_create_opts *opts);
int bpf_map_update_elem(int fd, const void *key, const void *value, uint64_t flags);
int bpf_map_lookup_elem(int fd, const void *key, void *value);
int bpf_map_delete_elem(int fd, const void *key);
int bpf_map_freeze(int fd); /* from now on no process changes the contents */
int bpf_obj_pin(int fd, const char *pathname); /* in the bpf file system, which keeps the object alive */
int bpf_obj_get(const char *pathname);
int bpf_map_get_next_key(int fd, const void *key, void *next_key); /* key null: the first */

struct bpf_prog_load_opts {
  size_t sz;
  uint32_t prog_flags, expected_attach_type;
  const int *fd_array; /* maps named by BPF_PSEUDO_MAP_IDX */
  uint32_t log_level, log_size;
  char *log_buf;
  uint32_t log_true_size; /* out: bytes that the whole log needs */
};
int bpf_prog_load(enum bpf_prog_type prog_type, const char *prog_name, const char *license,
                  const struct bpf_insn *insns, size_t insn_cnt, struct bpf_prog_load_opts *opts);

/* The zCore family's calls. */
int bpf_create_map(enum bpf_map_type map_type, int key_size, int value_size, int max_entries);
int bpf_update_elem(int fd, const void *key, const void *value, uint64_t flags);
int bpf_lookup_elem(int fd, const void *key, void *value);
int bpf_delete_elem(int fd, const void *key);
int bpf_get_next_key(int fd, const void *key, void *next_key);

struct bpf_map_fd_entry { /* binds a map of the object to a map that exists */
  const char *name;
  uint32_t fd;
};
/* The first program of an ELF object; maps that are not bound are made (kbpf objects only). At most 64
 * bindings. */
int bpf_prog_load_ex(const void *elf, size_t elf_size, const struct bpf_map_fd_entry *maps, size_t map_count);
struct bpf_load_ex_opts {
  size_t sz;
  const char *prog_name; /* null: the first */
  uint32_t log_level, log_size;
  char *log_buf;
};
int bpf_prog_load_ex_opts(const void *elf, size_t elf_size, const struct bpf_map_fd_entry *maps,
                          size_t map_count, const struct bpf_load_ex_opts *opts);
/* target: "kprobe$symbol", "kretprobe@entry$symbol", "kretprobe@exit$symbol". */
int bpf_prog_attach(const char *target, uint32_t prog_fd);
int bpf_prog_detach(const char *target, uint32_t prog_fd);

#ifdef __cplusplus
}
#endif
#endif
