// SPDX-License-Identifier: MIT OR Apache-2.0
// What queue and stack share: a ring of max_entries values under one lock, and no keys. System calls push by
// an update, peek by a lookup and pop by lookup-and-delete, all with a null key.
#pragma once
#include "kernel/maps/map.h"
#include "kernel/memory.h"
#include "kernel/spinlock.h"

namespace kbpf::maps {

class SequenceMap final : public Map {
public:
  enum class Order { first_in_first_out, last_in_first_out };

  // flags: KBPF_MAP_UPDATE_EXIST drops the oldest value where there is no room. Errors: invalid, too_big.
  Result<void> push(const void *value, uint64_t flags) override;
  // Zeroes value where there is none. Error: not_found.
  Result<void> pop(void *value) override { return next(value, true); }
  Result<void> peek(void *value) override { return next(value, false); }
  Result<void> read_for_user(const void *, void *value) override { return peek(value); }
  Result<void> write_for_user(const void *, const void *value, uint64_t flags) override {
    return push(value, flags);
  }
  Result<void> take_for_user(const void *, void *value) override { return pop(value); }

  static Result<Map *> create(const MapSpec &spec, Order order);

private:
  template <typename T, typename... Args> friend T *kbpf::allocate_object(Args &&...args);
  template <typename T> friend void kbpf::free_object(T *object);
  SequenceMap(const MapSpec &spec, Order order, Buffer values)
      : Map(spec), order_(order), values_(std::move(values)) {}
  ~SequenceMap() = default;
  void free_memory() override { free_object(this); }
  Result<void> next(void *value, bool remove);
  std::byte *value_at(uint64_t position) const {
    return values_.data() + position % spec().max_entries * spec().value_size;
  }

  const Order order_;
  SpinLock lock_;
  uint64_t first_ = 0, count_ = 0; // positions; the ring takes them modulo max_entries
  Buffer values_;
};

} // namespace kbpf::maps
