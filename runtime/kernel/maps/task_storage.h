// SPDX-License-Identifier: MIT OR Apache-2.0
// A value for each thread that wants one, which ends with the thread. Programs name threads by the kernel's
// own structures of them, processes by descriptors (pidfd).
//
// Inside, the key is the thread's number, which is never used again: a structure's address may be. All
// elements are made with the map, since a probe may not allocate.
#pragma once
#include "kernel/maps/map.h"
#include "kernel/memory.h"

namespace kbpf::maps {

class TaskTable;

// Threads that a map has room for, by the size of its values.
uint32_t task_storage_room(uint32_t value_size);

class TaskStorage final : public Map {
public:
  // Owns table. zeros: a value.
  TaskStorage(const MapSpec &spec, TaskTable &table, Buffer zeros);

  // [any] Inside a ReadSection. object: address of a thread's structure (kbpf_thread.object). Null: it has no
  // value, and where one is asked for there is no room or no such thread any more. initial: the new value;
  // null: zeros.
  void *get(uint64_t object, bool create, const void *initial);
  // [any] Error: not_found.
  Result<void> remove_of(uint64_t object);
  void forget(uint64_t thread_id); // [any] the thread has ended

  // The key is a pidfd. Errors: bad_fd, not_found.
  Result<void> read_locked(const void *key, void *value) override;
  Result<void> read_for_user(const void *key, void *value) override;
  Result<void> write_for_user(const void *key, const void *value, uint64_t flags) override;
  Result<void> remove(const void *key) override;
  Result<void> next_key(const void *, void *) override { return Error::not_supported; }

private:
  void free_memory() override;
  void fields_are_known() override;
  TaskTable &table_;
  const Buffer zeros_;
};

// [any] Of every map.
void forget_task(uint64_t thread_id);

} // namespace kbpf::maps
