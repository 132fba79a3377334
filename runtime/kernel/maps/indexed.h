// SPDX-License-Identifier: MIT OR Apache-2.0
// What the array types share: the key is a u32 index, every element is there from the start, nothing is ever
// added or removed, so nothing is locked but a value by its own lock, and updates of one value by several
// CPUs mix word by word.
#pragma once
#include "kernel/maps/map.h"
#include "kernel/maps/map_type.h"
#include "kernel/maps/words.h"
#include "kernel/memory.h"

namespace kbpf::maps {

class IndexedMap : public Map {
public:
  Result<void> next_key(const void *key, void *next) override {
    uint32_t index = key ? index_of(key) : UINT32_MAX;
    if (index == spec().max_entries - 1)
      return Error::not_found;
    uint32_t following = index < spec().max_entries ? index + 1 : 0;
    memcpy(next, &following, sizeof(following));
    return {};
  }
  uint32_t batch_commands() const override { return kBatchLookup | kBatchUpdate; }
  Result<void> for_each(Visit visit, void *user) override {
    for (uint32_t index = 0; index < spec().max_entries; index++)
      if (void *value = lookup(&index); !value || !visit(user, &index, value))
        break;
    return {};
  }

protected:
  explicit IndexedMap(const MapSpec &spec) : Map(spec), stride_(word_count(spec.value_size)) {}

  static uint32_t index_of(const void *key) {
    uint32_t index;
    memcpy(&index, key, sizeof(index));
    return index;
  }
  // The index that an update goes to. Errors: invalid, too_big, already_exists.
  Result<uint32_t> update_index(const void *key, uint64_t flags) const {
    const uint64_t condition = flags & ~uint64_t{KBPF_MAP_ELEM_LOCK};
    if (condition > KBPF_MAP_UPDATE_EXIST)
      return Error::invalid;
    uint32_t index = index_of(key);
    if (index >= spec().max_entries)
      return Error::too_big;
    if (condition == KBPF_MAP_UPDATE_NOEXIST)
      return Error::already_exists;
    if (flags & KBPF_MAP_ELEM_LOCK && !has_lock())
      return Error::invalid;
    return index;
  }
  size_t stride() const { return stride_; } // words from one value to the next

public:
  // Zeroed pages for the values, copies times. Errors: invalid, too_big, no_memory.
  static Result<Pages> allocate_values(const MapSpec &spec, uint32_t copies) {
    if (spec.max_entries == 0)
      return Error::invalid;
    uint64_t stride = round_up_8(spec.value_size) * copies;
    if (spec.value_size > KBPF_MAX_ARRAY_VALUE || stride > kMaxMapBytes / spec.max_entries)
      return Error::too_big;
    Pages values = KBPF_TRY(Pages::create(pages_for(stride * spec.max_entries)));
    memset(values.data(), 0, values.size());
    return Result<Pages>(std::move(values));
  }

private:
  const size_t stride_;
};

} // namespace kbpf::maps
