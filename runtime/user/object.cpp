// SPDX-License-Identifier: MIT OR Apache-2.0
// The life of an object in user space (bpf_object.h): read it through the kernel's own ObjectView, make its
// maps once, load each program by PROG_LOAD_EX with all maps bound by name, attach by string.
#include "bpf_object.h"
#include "core/image/object_view.h"
#include "core/image/zcore_view.h"
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {

constexpr size_t kErrorSize = 1024;
constexpr size_t kLogSize = 64 * 1024;
char last_error[kErrorSize];

int fail(int error, const char *format, const char *name, const char *detail) {
  snprintf(last_error, sizeof(last_error), format, name, detail);
  errno = error;
  return -error;
}

char *copy_text(std::string_view text) {
  char *copy = static_cast<char *>(malloc(text.size() + 1));
  if (copy) {
    memcpy(copy, text.data(), text.size());
    copy[text.size()] = 0;
  }
  return copy;
}

const char *attach_kind_text(uint32_t number) {
  switch (number) {
#define KBPF_PROG_TYPE(type_number, name, NAME, context, since, text)
#define KBPF_SECTION(prefix, type, kind, extra, since)
#define KBPF_ATTACH_KIND(kind_number, name, text, type, since)                                               \
  case kind_number:                                                                                          \
    return text;
#include "abi/prog_types.def"
#undef KBPF_PROG_TYPE
#undef KBPF_SECTION
#undef KBPF_ATTACH_KIND
  default:
    return nullptr;
  }
}

} // namespace

struct bpf_map {
  char *name = nullptr;
  kbpf_map_record record = {};
  const std::byte *contents = nullptr; // into the object's bytes
  size_t contents_size = 0;
  void *value = nullptr; // what bpf_map__initial_value gave: from malloc before load, the map's memory after
  bool value_is_mapped = false;
  int fd = -1;
};

struct bpf_program {
  char *name = nullptr;
  char *section_name = nullptr;
  char *attach_target = nullptr; // null: none given
  bool autoload = true;
  int fd = -1;
};

struct bpf_link {
  char *target;
  int prog_fd; // its own descriptor of the program
};

// An element that a map has from the start.
struct initial_slot {
  bpf_map *map;
  uint32_t key;
  bpf_map *inner = nullptr; // or
  bpf_program *program = nullptr;
};

struct bpf_object {
  std::byte *bytes = nullptr;
  size_t size = 0;
  bpf_map *maps = nullptr;
  size_t map_count = 0;
  bpf_program *programs = nullptr;
  size_t program_count = 0;
  initial_slot *slots = nullptr;
  size_t slot_count = 0;
  bool maps_undefined = false; // zcore: maps are names only
};

namespace {

int out_of_memory() { return fail(ENOMEM, "%s%s", "out of memory", ""); }

bool allocate_records(bpf_object &object, size_t maps, size_t programs) {
  object.maps = static_cast<bpf_map *>(calloc(maps + 1, sizeof(bpf_map)));
  object.programs = static_cast<bpf_program *>(calloc(programs + 1, sizeof(bpf_program)));
  return object.maps && object.programs;
}

int read_kbpf_object(bpf_object &object, const kbpf::ObjectView &view) {
  if (!allocate_records(object, view.map_count(), view.prog_count()))
    return out_of_memory();
  for (uint32_t i = 0; i < view.map_count(); i++) {
    bpf_map &map = object.maps[object.map_count++];
    map.fd = -1;
    map.record = view.map(i);
    map.name = copy_text(view.string(map.record.name));
    map.contents = view.map_contents(i).data();
    map.contents_size = view.map_contents(i).size();
    if (!map.name)
      return out_of_memory();
  }
  for (uint32_t i = 0; i < view.prog_count(); i++) {
    kbpf_prog_record record = view.prog(i);
    bpf_program &program = object.programs[object.program_count++];
    program.fd = -1;
    program.autoload = !(record.flags & KBPF_PROG_REC_NO_AUTOLOAD);
    program.name = copy_text(view.string(record.name));
    program.section_name = copy_text(view.string(record.section_name));
    const char *kind = attach_kind_text(record.attach_kind);
    std::string_view symbol = view.string(record.attach_target);
    bool has_target = kind && !symbol.empty();
    if (has_target) {
      size_t size = strlen(kind) + symbol.size() + 2;
      program.attach_target = static_cast<char *>(malloc(size));
      if (program.attach_target)
        snprintf(program.attach_target, size, "%s$%.*s", kind, static_cast<int>(symbol.size()),
                 symbol.data());
    }
    if (!program.name || !program.section_name || (has_target && !program.attach_target))
      return out_of_memory();
  }
  object.slots = static_cast<initial_slot *>(calloc(view.slot_count() + 1, sizeof(initial_slot)));
  if (!object.slots)
    return out_of_memory();
  for (uint32_t i = 0; i < view.slot_count(); i++) {
    kbpf_slot_record record = view.slot(i);
    initial_slot &slot = object.slots[object.slot_count++];
    slot.map = object.maps + record.map;
    slot.key = record.key;
    if (record.kind == KBPF_SLOT_PROG)
      slot.program = object.programs + record.target;
    else
      slot.inner = object.maps + record.target;
  }
  return 0;
}

// One program, the whole of .text; a map for each symbol that its code refers to.
int read_zcore_object(bpf_object &object, const kbpf::ZcoreView &view) {
  object.maps_undefined = true;
  if (!allocate_records(object, view.reloc_count(), 1))
    return out_of_memory();
  bpf_program &program = object.programs[object.program_count++];
  program.fd = -1;
  program.autoload = true;
  program.name = copy_text("main");
  program.section_name = copy_text(".text");
  if (!program.name || !program.section_name)
    return out_of_memory();
  for (uint32_t i = 0; i < view.reloc_count(); i++) {
    auto reloc = view.reloc(i);
    if (!reloc)
      return fail(ENOEXEC, "%s%s", "corrupt relocation", "");
    bool known = false;
    for (size_t m = 0; m < object.map_count && !known; m++)
      known = reloc->symbol == object.maps[m].name;
    if (known)
      continue;
    bpf_map &map = object.maps[object.map_count++];
    map.fd = -1;
    map.name = copy_text(reloc->symbol);
    if (!map.name)
      return out_of_memory();
  }
  return 0;
}

int read_records(bpf_object &object) {
  char why[kErrorSize];
  kbpf::TextBuffer reason(why, sizeof(why));
  std::span<const std::byte> bytes{object.bytes, object.size};
  auto is_kbpf = kbpf::ObjectView::is_kbpf_object(bytes, reason);
  if (!is_kbpf)
    return fail(kbpf::to_errno(is_kbpf.error()), "%s%s", "not a BPF object: ", why);
  if (*is_kbpf) {
    auto view = kbpf::ObjectView::open(bytes, reason);
    return view ? read_kbpf_object(object, *view)
                : fail(kbpf::to_errno(view.error()), "%s%s", "kbpf object: ", why);
  }
  auto view = kbpf::ZcoreView::open(bytes, reason);
  return view ? read_zcore_object(object, *view)
              : fail(kbpf::to_errno(view.error()), "%s%s", "zcore object: ", why);
}

constexpr char kPinDirectory[] = "/sys/fs/bpf/"; // where LIBBPF_PIN_BY_NAME puts maps
constexpr uint32_t kPinByName = 1;

void pin_path(const bpf_map &map, char (&path)[sizeof(kPinDirectory) + KBPF_MAX_NAME]) {
  snprintf(path, sizeof(path), "%s%s", kPinDirectory, map.name);
}

// Whether the map was there under its name.
bool reuse_pinned(bpf_map &map) {
  char path[sizeof(kPinDirectory) + KBPF_MAX_NAME];
  pin_path(map, path);
  map.fd = bpf_obj_get(path);
  return map.fd >= 0;
}

int pin(bpf_map &map) {
  char path[sizeof(kPinDirectory) + KBPF_MAX_NAME];
  pin_path(map, path);
  int result = bpf_obj_pin(map.fd, path);
  return result < 0 ? fail(-result, "cannot pin a map at %s: %s", path, strerror(-result)) : 0;
}

// Elements that are maps are set before programs are loaded, those that are programs afterwards.
int fill_slots(const bpf_object &object, bool programs) {
  for (size_t i = 0; i < object.slot_count; i++) {
    const initial_slot &slot = object.slots[i];
    if ((slot.program != nullptr) != programs)
      continue;
    uint32_t fd = static_cast<uint32_t>(programs ? slot.program->fd : slot.inner->fd);
    int result = bpf_map_update_elem(slot.map->fd, &slot.key, &fd, BPF_ANY);
    if (result < 0)
      return fail(-result, "map '%s': cannot set an initial element: %s", slot.map->name, strerror(-result));
  }
  return 0;
}

void release_value(bpf_map &map) {
  if (map.value_is_mapped)
    munmap(map.value, map.record.value_size);
  else
    free(map.value);
  map.value = nullptr;
  map.value_is_mapped = false;
}

// From here on the value is the map's own memory, which programs read and write.
int map_value_memory(bpf_map &map) {
  int access = map.record.flags & KBPF_MAP_REC_RODATA ? PROT_READ : PROT_READ | PROT_WRITE;
  void *memory = mmap(nullptr, map.record.value_size, access, MAP_SHARED, map.fd, 0);
  if (memory == MAP_FAILED)
    return fail(errno, "map '%s': cannot map its variables: %s", map.name, strerror(errno));
  release_value(map);
  map.value = memory;
  map.value_is_mapped = true;
  return 0;
}

int create_map(const bpf_object &object, bpf_map &map) {
  if (object.maps_undefined)
    return fail(ENOENT, "map '%s'%s", map.name,
                ": a zcore object does not define its maps: give it one by bpf_map__reuse_fd");
  if (map.record.pinning == kPinByName && reuse_pinned(map))
    return 0;
  bpf_map_create_opts opts = {};
  opts.sz = sizeof(opts);
  opts.map_flags = map.record.map_flags | (map.value ? KBPF_MAP_F_MMAPABLE : 0);
  opts.map_extra = map.record.map_extra;
  opts.numa_node = map.record.numa_node;
  if (map.record.inner_map && map.record.inner_map <= object.map_count) // made before, as a map of its own
    opts.inner_map_fd = static_cast<uint32_t>(object.maps[map.record.inner_map - 1].fd);
  map.fd = bpf_map_create(static_cast<bpf_map_type>(map.record.type), map.name, map.record.key_size,
                          map.record.value_size, map.record.max_entries, &opts);
  if (map.fd < 0)
    return fail(-map.fd, "map '%s': cannot create: %s", map.name, strerror(-map.fd));
  if (const void *contents = map.value ? map.value : map.contents_size ? map.contents : nullptr) {
    uint32_t first = 0;
    int result = bpf_map_update_elem(map.fd, &first, contents, BPF_ANY);
    if (result < 0)
      return fail(-result, "map '%s': cannot set its contents: %s", map.name, strerror(-result));
  }
  // The verifier takes the contents of a frozen map for constants, as it did when the object was made.
  int result = map.record.flags & KBPF_MAP_REC_RODATA ? bpf_map_freeze(map.fd) : 0;
  if (result < 0)
    return fail(-result, "map '%s': cannot freeze it: %s", map.name, strerror(-result));
  return map.record.pinning == kPinByName ? pin(map) : 0;
}

int load_program(const bpf_object &object, bpf_program &program) {
  auto *bindings = static_cast<bpf_map_fd_entry *>(calloc(object.map_count + 1, sizeof(bpf_map_fd_entry)));
  char *log = static_cast<char *>(calloc(1, kLogSize));
  if (!bindings || !log) {
    free(bindings);
    free(log);
    return out_of_memory();
  }
  for (size_t i = 0; i < object.map_count; i++)
    bindings[i] = {object.maps[i].name, static_cast<uint32_t>(object.maps[i].fd)};
  bpf_load_ex_opts opts = {};
  opts.sz = sizeof(opts);
  opts.prog_name = object.maps_undefined ? nullptr : program.name;
  opts.log_level = 1;
  opts.log_size = kLogSize;
  opts.log_buf = log;
  program.fd = bpf_prog_load_ex_opts(object.bytes, object.size, bindings, object.map_count, &opts);
  int result = 0;
  if (program.fd < 0) {
    int error = -program.fd;
    result = fail(error, "program '%s': %s", program.name, log[0] ? log : strerror(error));
  }
  free(bindings);
  free(log);
  return result;
}

void close_descriptor(int &fd) {
  if (fd >= 0)
    close(fd);
  fd = -1;
}

} // namespace

extern "C" {

const char *bpf_object__error(void) { return last_error; }

struct bpf_object *bpf_object__open_mem(const void *bytes, size_t size) {
  auto *object = static_cast<bpf_object *>(calloc(1, sizeof(bpf_object)));
  if (object)
    object->bytes = static_cast<std::byte *>(malloc(size + 1));
  if (!object || !object->bytes) {
    free(object);
    out_of_memory();
    return nullptr;
  }
  memcpy(object->bytes, bytes, size);
  object->size = size;
  if (read_records(*object) < 0) {
    int error = errno;
    bpf_object__close(object);
    errno = error;
    return nullptr;
  }
  return object;
}

struct bpf_object *bpf_object__open(const char *path) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  struct stat status;
  if (fd < 0 || fstat(fd, &status) < 0) {
    fail(errno, "%s: %s", path, strerror(errno));
    close_descriptor(fd);
    return nullptr;
  }
  if (!S_ISREG(status.st_mode) || status.st_size > KBPF_MAX_OBJECT_SIZE) {
    fail(EFBIG, "%s: %s", path, "not a file, or larger than an object may be");
    close(fd);
    return nullptr;
  }
  size_t size = static_cast<size_t>(status.st_size);
  char *bytes = static_cast<char *>(malloc(size + 1));
  size_t have = 0;
  while (bytes && have < size) {
    ssize_t count = read(fd, bytes + have, size - have);
    if (count <= 0)
      break;
    have += static_cast<size_t>(count);
  }
  close(fd);
  bpf_object *object = nullptr;
  if (!bytes)
    fail(ENOMEM, "%s: %s", path, "out of memory");
  else if (have < size)
    fail(EIO, "%s: %s", path, "cannot read it whole");
  else
    object = bpf_object__open_mem(bytes, size);
  free(bytes);
  return object;
}

int bpf_object__load(struct bpf_object *object) {
  for (size_t i = 0; i < object->map_count; i++) {
    bpf_map &map = object->maps[i];
    int result = map.fd < 0 ? create_map(*object, map) : 0;
    if (result == 0 && map.value && !map.value_is_mapped)
      result = map_value_memory(map);
    if (result < 0)
      return result;
  }
  if (int result = fill_slots(*object, false); result < 0)
    return result;
  for (size_t i = 0; i < object->program_count; i++) {
    bpf_program &program = object->programs[i];
    int result = program.autoload && program.fd < 0 ? load_program(*object, program) : 0;
    if (result < 0)
      return result;
  }
  return fill_slots(*object, true);
}

void bpf_object__close(struct bpf_object *object) {
  if (!object)
    return;
  for (size_t i = 0; i < object->map_count; i++) {
    close_descriptor(object->maps[i].fd);
    release_value(object->maps[i]);
    free(object->maps[i].name);
  }
  for (size_t i = 0; i < object->program_count; i++) {
    bpf_program &program = object->programs[i];
    close_descriptor(program.fd);
    free(program.name);
    free(program.section_name);
    free(program.attach_target);
  }
  free(object->maps);
  free(object->programs);
  free(object->slots);
  free(object->bytes);
  free(object);
}

struct bpf_map *bpf_object__next_map(const struct bpf_object *object, const struct bpf_map *previous) {
  size_t next = previous ? static_cast<size_t>(previous - object->maps) + 1 : 0;
  return next < object->map_count ? object->maps + next : nullptr;
}

struct bpf_map *bpf_object__find_map_by_name(const struct bpf_object *object, const char *name) {
  for (size_t i = 0; i < object->map_count; i++)
    if (!strcmp(object->maps[i].name, name))
      return object->maps + i;
  fail(ENOENT, "%s%s", "no map of that name: ", name);
  return nullptr;
}

int bpf_object__find_map_fd_by_name(const struct bpf_object *object, const char *name) {
  bpf_map *map = bpf_object__find_map_by_name(object, name);
  return map ? map->fd : -ENOENT;
}

const char *bpf_map__name(const struct bpf_map *map) { return map->name; }
int bpf_map__reuse_fd(struct bpf_map *map, int fd) {
  int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
  if (copy < 0)
    return fail(errno, "map '%s': %s", map->name, strerror(errno));
  close_descriptor(map->fd);
  map->fd = copy;
  return 0;
}
int bpf_map__fd(const struct bpf_map *map) { return map->fd; }
uint32_t bpf_map__key_size(const struct bpf_map *map) { return map->record.key_size; }
uint32_t bpf_map__value_size(const struct bpf_map *map) { return map->record.value_size; }
uint32_t bpf_map__max_entries(const struct bpf_map *map) { return map->record.max_entries; }
int bpf_map__set_max_entries(struct bpf_map *map, uint32_t max_entries) {
  if (map->fd >= 0)
    return fail(EBUSY, "map '%s'%s", map->name, " is made already");
  map->record.max_entries = max_entries;
  return 0;
}

void *bpf_map__initial_value(struct bpf_map *map, size_t *size) {
  size_t value_size = map->record.value_size;
  if (!map->value) {
    // A dot is in the names of sections only.
    if (map->name[0] != '.' || map->fd >= 0 || map->contents_size > value_size) {
      fail(EINVAL, "map '%s'%s", map->name,
           map->fd >= 0 ? " is made already: ask for its variables before load" : " holds no variables");
      return nullptr;
    }
    constexpr size_t kAlign =
        alignof(max_align_t); // of the structure that C has for it, whose size is rounded up
    map->value = calloc(1, (value_size + kAlign - 1) / kAlign * kAlign);
    if (!map->value) {
      out_of_memory();
      return nullptr;
    }
    if (map->contents_size)
      memcpy(map->value, map->contents, map->contents_size);
  }
  if (size)
    *size = value_size;
  return map->value;
}

struct bpf_program *bpf_object__next_program(const struct bpf_object *object, struct bpf_program *previous) {
  size_t next = previous ? static_cast<size_t>(previous - object->programs) + 1 : 0;
  return next < object->program_count ? object->programs + next : nullptr;
}

struct bpf_program *bpf_object__find_program_by_name(const struct bpf_object *object, const char *name) {
  for (size_t i = 0; i < object->program_count; i++)
    if (!strcmp(object->programs[i].name, name))
      return object->programs + i;
  fail(ENOENT, "%s%s", "no program of that name: ", name);
  return nullptr;
}

const char *bpf_program__name(const struct bpf_program *program) { return program->name; }
const char *bpf_program__section_name(const struct bpf_program *program) { return program->section_name; }
int bpf_program__fd(const struct bpf_program *program) { return program->fd; }
int bpf_program__autoload(const struct bpf_program *program) { return program->autoload; }
const char *bpf_program__attach_target(const struct bpf_program *program) { return program->attach_target; }

struct bpf_link *bpf_program__attach_target_string(const struct bpf_program *program, const char *target) {
  auto *link = static_cast<bpf_link *>(calloc(1, sizeof(bpf_link)));
  char *copy = copy_text(target);
  int fd = program->fd >= 0 ? fcntl(program->fd, F_DUPFD_CLOEXEC, 0) : -1;
  int result = -ENOMEM;
  if (link && copy)
    result = fd < 0 ? -EINVAL : bpf_prog_attach(target, static_cast<uint32_t>(fd));
  if (result < 0) {
    fail(-result, "cannot attach to %s: %s", target,
         program->fd < 0 ? "the program is not loaded" : strerror(-result));
    close_descriptor(fd);
    free(copy);
    free(link);
    return nullptr;
  }
  *link = {copy, fd};
  return link;
}

struct bpf_link *bpf_program__attach(const struct bpf_program *program) {
  if (program->attach_target)
    return bpf_program__attach_target_string(program, program->attach_target);
  fail(EINVAL, "program '%s' (section %s) names no target", program->name, program->section_name);
  return nullptr;
}

int bpf_link__destroy(struct bpf_link *link) {
  if (!link)
    return 0;
  int result = bpf_prog_detach(link->target, static_cast<uint32_t>(link->prog_fd));
  close(link->prog_fd);
  free(link->target);
  free(link);
  return result;
}

} // extern "C"
