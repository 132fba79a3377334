// SPDX-License-Identifier: MIT OR Apache-2.0
#include "kernel/maps/task_storage.h"
#include "kernel/epoch.h"
#include "kernel/maps/hash_table.h"
#include "kernel/maps/map_type.h"
#include <algorithm>
#include <atomic>

namespace kbpf::maps {
namespace {

constexpr uint32_t kTaskStorage = 29;

constinit std::atomic<uint32_t> live_maps{0}; // of this type

} // namespace

class TaskTable final : public HashTable {
public:
  explicit TaskTable(const MapSpec &spec) : HashTable(spec, {.per_cpu = false, .evicts = false}) {}
  void free_memory() override { free_object(this); }
  using HashTable::take_fields;
};

uint32_t task_storage_room(uint32_t value_size) {
  constexpr uint32_t kBytes = 1u << 20, kLeast = 64, kMost = 1024;
  return std::clamp(kBytes / std::max(value_size, 1u), kLeast, kMost);
}

TaskStorage::TaskStorage(const MapSpec &spec, TaskTable &table, Buffer zeros)
    : Map(spec), table_(table), zeros_(std::move(zeros)) {
  live_maps.fetch_add(1, std::memory_order_relaxed);
}

void TaskStorage::free_memory() {
  live_maps.fetch_sub(1, std::memory_order_relaxed);
  table_.free_memory();
  free_object(this);
}

void TaskStorage::fields_are_known() { table_.take_fields(fields()); }

void *TaskStorage::get(uint64_t object, bool create, const void *initial) {
  const uint64_t id = kbpf_port_task_id(object);
  if (!id)
    return nullptr;
  if (void *value = table_.lookup(&id); value || !create)
    return value;
  (void)table_.update(&id, initial ? initial : zeros_.data(), KBPF_MAP_UPDATE_NOEXIST).ok();
  // Who ends meanwhile has no number any more, or will look here.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (kbpf_port_task_id(object) != id) {
    forget(id);
    return nullptr;
  }
  return table_.lookup(&id);
}

Result<void> TaskStorage::remove_of(uint64_t object) {
  const uint64_t id = kbpf_port_task_id(object);
  return id ? table_.remove(&id) : Result<void>(Error::not_found);
}

void TaskStorage::forget(uint64_t thread_id) { (void)table_.remove(&thread_id).ok(); }

namespace {

// The structure of the process's first thread.
Result<uint64_t> object_of(const void *key) {
  int fd;
  memcpy(&fd, key, sizeof(fd));
  uint64_t object = 0;
  switch (kbpf_port_pidfd_task(fd, &object)) {
  case 0:
    return object;
  case -9:
    return Error::bad_fd;
  default:
    return Error::not_found;
  }
}

} // namespace

Result<void> TaskStorage::read_for_user(const void *key, void *value) {
  const uint64_t id = kbpf_port_task_id(KBPF_TRY(object_of(key)));
  return id ? table_.read_for_user(&id, value) : Result<void>(Error::not_found);
}

Result<void> TaskStorage::read_locked(const void *key, void *value) {
  const uint64_t id = kbpf_port_task_id(KBPF_TRY(object_of(key)));
  return id ? table_.read_locked(&id, value) : Result<void>(Error::not_found);
}

Result<void> TaskStorage::write_for_user(const void *key, const void *value, uint64_t flags) {
  const uint64_t object = KBPF_TRY(object_of(key));
  const uint64_t id = kbpf_port_task_id(object);
  if (!id)
    return Error::not_found;
  KBPF_TRY(table_.write_for_user(&id, value, flags));
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (kbpf_port_task_id(object) == id)
    return {};
  forget(id);
  return Error::not_found;
}

Result<void> TaskStorage::remove(const void *key) { return remove_of(KBPF_TRY(object_of(key))); }

void forget_task(uint64_t thread_id) {
  if (!live_maps.load(std::memory_order_relaxed))
    return;
  ReadSection section;
  for (uint32_t id = map_registry.next(0); id; id = map_registry.next(id)) {
    Map *map = map_registry.find(id);
    if (map && map->spec().type == kTaskStorage)
      static_cast<TaskStorage *>(map)->forget(thread_id);
  }
}

Result<Map *> create_task_storage_map(const MapSpec &spec) {
  if (spec.max_entries)
    return Error::invalid;
  if (spec.value_size > KBPF_MAX_TASK_VALUE)
    return Error::too_big;
  Buffer zeros = KBPF_TRY(Buffer::create(spec.value_size));
  memset(zeros.data(), 0, zeros.size());
  MapSpec of_table{1, sizeof(uint64_t), spec.value_size, task_storage_room(spec.value_size), 0, {}};
  TaskTable *table = static_cast<TaskTable *>(KBPF_TRY(HashTable::create<TaskTable>(of_table)));
  TaskStorage *storage = allocate_object<TaskStorage>(spec, *table, std::move(zeros));
  if (!storage) {
    table->free_memory();
    return Error::no_memory;
  }
  return storage;
}

} // namespace kbpf::maps
