// SPDX-License-Identifier: MIT OR Apache-2.0
// The array of perf events that programs write samples into, commonly one for each CPU.
#pragma once
#include "kernel/maps/object_array.h"
#include "kernel/perf_event.h"

namespace kbpf::maps {

class PerfEventArrayMap final : public ObjectArrayMap {
public:
  static Result<Map *> create(const MapSpec &spec);
  // [any] Inside a ReadSection. Errors: too_big, not_found (empty).
  Result<PerfEvent *> event_at(uint32_t index) const;
  Result<void> read_for_user(const void *, void *) override { return Error::not_supported; }
  // Without a descriptor or name left nobody reads the events' rings for this map.
  void last_user_gone() override {
    if (!(spec().flags & KBPF_MAP_F_PRESERVE_ELEMS))
      clear();
  }

private:
  template <typename T, typename... Args> friend T *kbpf::allocate_object(Args &&...args);
  template <typename T> friend void kbpf::free_object(T *object);
  using ObjectArrayMap::ObjectArrayMap;
  ~PerfEventArrayMap() = default;
  void free_memory() override { free_object(this); }
  Result<void> admit(const Object &object) const override;
};

} // namespace kbpf::maps
