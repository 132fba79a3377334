// SPDX-License-Identifier: MIT OR Apache-2.0
#include "kernel/maps/prog_array.h"

namespace kbpf::maps {

constinit const ProgArrayLayout ProgArrayMap::kLayout{.count = sizeof(ProgArrayMap),
                                                      .slots = sizeof(ProgArrayMap) + sizeof(Slots)};

Result<Map *> ProgArrayMap::create(const MapSpec &spec) {
  static_assert(sizeof(ProgArrayMap) % alignof(Slots) == 0 && sizeof(ProgArrayMap) + sizeof(Slots) < 2048);
  if (spec.max_entries == 0)
    return Error::invalid;
  if (spec.max_entries > kMaxMapBytes / (sizeof(uint64_t) + sizeof(Program *)))
    return Error::too_big;
  Buffer programs = KBPF_TRY(Buffer::create(spec.max_entries * sizeof(Program *)));
  memset(programs.data(), 0, programs.size());
  void *memory = kbpf_port_alloc(memory_size(spec.max_entries), alignof(ProgArrayMap));
  if (!memory)
    return Error::no_memory;
  auto *map = new (memory) ProgArrayMap(spec, std::move(programs));
  new (&map->slots()) Slots{spec.max_entries};
  for (uint32_t i = 0; i < spec.max_entries; i++)
    new (&map->slots().targets[i]) std::atomic<uint64_t>(0);
  return static_cast<Map *>(map);
}

ProgArrayMap::~ProgArrayMap() {
  for (uint32_t i = 0; i < spec().max_entries; i++)
    Ref<Program>::adopt(program(i)).reset();
}

void ProgArrayMap::free_memory() {
  const size_t size = memory_size(spec().max_entries);
  this->~ProgArrayMap();
  kbpf_port_free(this, size, alignof(ProgArrayMap));
}

Result<void> ProgArrayMap::bind(const Program &program) {
  const bool compiled = program.code().entry != nullptr;
  SpinGuard guard(lock_);
  if (!type_) {
    type_ = &program.type();
    tracing_id_ = program.tracing().btf_id;
    profile_ = &program.profile();
    compiled_ = compiled;
  }
  bool alike = type_ == &program.type() && profile_ == &program.profile() && compiled_ == compiled &&
               tracing_id_ == program.tracing().btf_id;
  return alike ? Result<void>() : Error::invalid;
}

// Gives back the one that was there. A running program may still go on in it: it waits for readers when it
// ends.
Ref<Program> ProgArrayMap::exchange(uint32_t index, Ref<Program> program) {
  SpinGuard guard(lock_);
  slots().targets[index].store(program ? program->tail_target() : 0, std::memory_order_release);
  return Ref<Program>::adopt(std::exchange(this->program(index), program.release()));
}

Result<void> ProgArrayMap::write_for_user(const void *key, const void *value, uint64_t flags) {
  if (flags != KBPF_MAP_UPDATE_ANY)
    return Error::invalid;
  const uint32_t index = index_of(key);
  if (index >= spec().max_entries)
    return Error::too_big;
  uint32_t fd;
  memcpy(&fd, value, sizeof(fd));
  Ref<Object> object = KBPF_TRY(object_from_fd(fd));
  if (object->kind != Kind::program)
    return Error::invalid;
  Ref<Program> program = Ref<Program>::adopt(static_cast<Program *>(object.release()));
  KBPF_TRY(bind(*program));
  exchange(index, std::move(program)).reset();
  return {};
}

Result<void> ProgArrayMap::remove(const void *key) {
  const uint32_t index = index_of(key);
  if (index >= spec().max_entries)
    return Error::too_big;
  return exchange(index, {}) ? Result<void>() : Error::not_found;
}

Result<void> ProgArrayMap::read_for_user(const void *key, void *value) {
  const uint32_t index = index_of(key);
  if (index >= spec().max_entries)
    return Error::not_found;
  SpinGuard guard(lock_);
  if (!program(index))
    return Error::not_found;
  const uint32_t id = program(index)->id();
  memcpy(value, &id, sizeof(id));
  return {};
}

void ProgArrayMap::last_user_gone() {
  for (uint32_t i = 0; i < spec().max_entries; i++)
    exchange(i, {}).reset();
}

Result<Map *> create_prog_array_map(const MapSpec &spec) { return ProgArrayMap::create(spec); }

} // namespace kbpf::maps
