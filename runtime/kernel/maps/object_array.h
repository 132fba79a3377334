// SPDX-License-Identifier: MIT OR Apache-2.0
// What the arrays of BPF objects share (maps, perf events, ...): processes store an object by its descriptor,
// a slot owns one reference, and programs use what is in it. Readers take no reference: an object that leaves
// its last slot waits for them before it ends.
#pragma once
#include "kernel/maps/indexed.h"
#include "kernel/memory.h"

namespace kbpf::maps {

class ObjectArrayMap : public IndexedMap {
public:
  // From system calls. value: a u32, the descriptor. Errors: invalid (other flags, or an object that does not
  // belong here), too_big, bad_fd.
  Result<void> write_for_user(const void *key, const void *value, uint64_t flags) override;
  // From system calls. Errors: too_big, not_found (empty).
  Result<void> remove(const void *key) override;
  // A u32: the object's id. Errors: not_found, not_supported (they have none).
  Result<void> read_for_user(const void *key, void *value) override;
  uint32_t batch_commands() const override { return 0; }
  // Errors: invalid, too_big, no_memory.
  static Result<Buffer> allocate_slots(const MapSpec &spec);

protected:
  ObjectArrayMap(const MapSpec &spec, Buffer slots);
  ~ObjectArrayMap();

  // [any] Inside a ReadSection. Null where the slot is empty, or there is none.
  Object *object_at(uint32_t index) const {
    return index < spec().max_entries ? slots()[index].load(std::memory_order_acquire) : nullptr;
  }
  // Whether the object may be stored. Error: invalid.
  virtual Result<void> admit(const Object &object) const = 0;
  void clear(); // from system calls
  virtual Result<uint32_t> id_of(const Object &) const { return Error::not_supported; }

private:
  std::atomic<Object *> *slots() const { return reinterpret_cast<std::atomic<Object *> *>(slots_.data()); }
  Buffer slots_;
};

} // namespace kbpf::maps
