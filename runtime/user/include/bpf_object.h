/* SPDX-License-Identifier: MIT OR Apache-2.0
 * An object (kbpf, or plain zcore) in user space: its maps made once and shared by its programs, its programs
 * loaded and attached where the object says. Names and life cycle are libbpf's (open, load, attach, close),
 * for the part that exists here. Pointers are null and ints a negative errno on failure; errno is set.
 * bpf_object__error() has one line that says why. */
#ifndef KBPF_USER_BPF_OBJECT_H
#define KBPF_USER_BPF_OBJECT_H
#include "bpf.h"
#ifdef __cplusplus
extern "C" {
#endif

struct bpf_object;
struct bpf_program;
struct bpf_map;
struct bpf_link;

struct bpf_object *bpf_object__open(const char *path);
struct bpf_object *bpf_object__open_mem(const void *bytes, size_t size); /* copies */
int bpf_object__load(struct bpf_object *object);   /* makes the maps, loads every program that autoloads */
void bpf_object__close(struct bpf_object *object); /* null allowed; links stay attached */
const char *bpf_object__error(void); /* of the last call that failed, in this thread's process */

struct bpf_map *bpf_object__next_map(const struct bpf_object *object, const struct bpf_map *previous);
struct bpf_map *bpf_object__find_map_by_name(const struct bpf_object *object, const char *name);
int bpf_object__find_map_fd_by_name(const struct bpf_object *object, const char *name);
const char *bpf_map__name(const struct bpf_map *map);
int bpf_map__reuse_fd(struct bpf_map *map, int fd); /* before load; the caller keeps fd */
int bpf_map__fd(const struct bpf_map *map);
uint32_t bpf_map__key_size(const struct bpf_map *map);
uint32_t bpf_map__value_size(const struct bpf_map *map);
uint32_t bpf_map__max_entries(const struct bpf_map *map);
int bpf_map__set_max_entries(struct bpf_map *map, uint32_t max_entries); /* before load; also where it is 0 */
/* The variables of .data*, .bss* or .rodata*. Before load: memory to set them in. After load, where it was
 * called before: the map's own memory, at another address (read-only for .rodata*). Null for other maps, and
 * for a map that is first asked for after load. size may be null. */
void *bpf_map__initial_value(struct bpf_map *map, size_t *size);

struct bpf_program *bpf_object__next_program(const struct bpf_object *object, struct bpf_program *previous);
struct bpf_program *bpf_object__find_program_by_name(const struct bpf_object *object, const char *name);
const char *bpf_program__name(const struct bpf_program *program);
const char *bpf_program__section_name(const struct bpf_program *program);
int bpf_program__fd(const struct bpf_program *program);
int bpf_program__autoload(const struct bpf_program *program);
/* "kprobe$symbol" as the object says; null where its section names no target. */
const char *bpf_program__attach_target(const struct bpf_program *program);

struct bpf_link *bpf_program__attach(const struct bpf_program *program);
struct bpf_link *bpf_program__attach_target_string(const struct bpf_program *program, const char *target);
int bpf_link__destroy(struct bpf_link *link); /* detaches; null allowed */

#define bpf_object__for_each_map(map, object)                                                                \
  for ((map) = bpf_object__next_map((object), NULL); (map); (map) = bpf_object__next_map((object), (map)))
#define bpf_object__for_each_program(program, object)                                                        \
  for ((program) = bpf_object__next_program((object), NULL); (program);                                      \
       (program) = bpf_object__next_program((object), (program)))

#ifdef __cplusplus
}
#endif
#endif
