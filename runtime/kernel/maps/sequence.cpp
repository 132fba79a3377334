// SPDX-License-Identifier: MIT OR Apache-2.0
#include "kernel/maps/sequence.h"
#include "kernel/maps/map_type.h"
#include <cstring>

namespace kbpf::maps {

Result<Map *> SequenceMap::create(const MapSpec &spec, Order order) {
  if (spec.max_entries == 0)
    return Error::invalid;
  if (spec.value_size > KBPF_MAX_QUEUE_VALUE || uint64_t{spec.value_size} * spec.max_entries > kMaxMapBytes)
    return Error::too_big;
  Buffer values = KBPF_TRY(Buffer::create(size_t{spec.value_size} * spec.max_entries));
  Map *map = allocate_object<SequenceMap>(spec, order, std::move(values));
  if (!map)
    return Error::no_memory;
  return map;
}

Result<void> SequenceMap::push(const void *value, uint64_t flags) {
  if (flags & KBPF_MAP_UPDATE_NOEXIST || flags > KBPF_MAP_UPDATE_EXIST)
    return Error::invalid;
  SpinGuard guard(lock_);
  if (count_ == spec().max_entries) {
    if (flags != KBPF_MAP_UPDATE_EXIST)
      return Error::too_big;
    first_++;
    count_--;
  }
  memcpy(value_at(first_ + count_), value, spec().value_size);
  count_++;
  return {};
}

Result<void> SequenceMap::next(void *value, bool remove) {
  SpinGuard guard(lock_);
  if (count_ == 0) {
    memset(value, 0, spec().value_size);
    return Error::not_found;
  }
  bool oldest = order_ == Order::first_in_first_out;
  memcpy(value, value_at(oldest ? first_ : first_ + count_ - 1), spec().value_size);
  if (remove) {
    first_ += oldest;
    count_--;
  }
  return {};
}

} // namespace kbpf::maps
