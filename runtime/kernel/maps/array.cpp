// SPDX-License-Identifier: MIT OR Apache-2.0
// The array: max_entries values in a row, all there from the start. The key is a u32 index; nothing is ever
// added or removed, so nothing is ever locked, and updates of one value by several CPUs mix word by word.
#include "kernel/epoch.h"
#include "kernel/maps/map_type.h"
#include "kernel/maps/words.h"
#include "kernel/memory.h"

namespace kbpf::maps {
namespace {

constexpr uint32_t kFlags = kAccessFlags | KBPF_MAP_F_NUMA_NODE | KBPF_MAP_F_MMAPABLE;
constexpr uint32_t kMaxValue = 0x7fffffff;

class ArrayMap final : public Map {
public:
  // The values begin on a page of their own, so that a process can map them where the spec says MMAPABLE.
  ArrayMap(const MapSpec &spec, Pages values)
      : Map(spec), values_(std::move(values)), stride_(word_count(spec.value_size)) {}

  void *lookup(const void *key) override {
    uint32_t index = index_of(key);
    return index < spec().max_entries ? value(index) : nullptr;
  }

  Result<void> update(const void *key, const void *new_value, uint64_t flags) override {
    if (flags > KBPF_MAP_UPDATE_EXIST)
      return Error::invalid;
    uint32_t index = index_of(key);
    if (index >= spec().max_entries)
      return Error::too_big;
    if (flags == KBPF_MAP_UPDATE_NOEXIST)
      return Error::already_exists;
    store_words(value(index), new_value, spec().value_size);
    return {};
  }

  Result<void> remove(const void *) override { return Error::invalid; }

  Result<void> next_key(const void *key, void *next) override {
    uint32_t index = key ? index_of(key) : UINT32_MAX;
    if (index == spec().max_entries - 1)
      return Error::not_found;
    uint32_t following = index < spec().max_entries ? index + 1 : 0;
    memcpy(next, &following, sizeof(following));
    return {};
  }

private:
  void *first_value() const override { return spec().max_entries == 1 ? value(0) : nullptr; }
  void free_memory() override { free_object(this); }

  static uint32_t index_of(const void *key) {
    uint32_t index;
    memcpy(&index, key, sizeof(index));
    return index;
  }
  Word *value(uint32_t index) const { return reinterpret_cast<Word *>(values_.data()) + index * stride_; }

  Pages values_;
  const size_t stride_; // words from one value to the next
};

} // namespace

Result<Map *> create_array_map(const MapSpec &spec) {
  if (spec.max_entries == 0 || spec.key_size != sizeof(uint32_t) || spec.value_size == 0 ||
      spec.flags & ~kFlags)
    return Error::invalid;
  if (spec.value_size > kMaxValue)
    return Error::too_big;
  uint64_t bytes = round_up_8(spec.value_size) * spec.max_entries;
  if (bytes > kMaxMapBytes)
    return Error::too_big;
  Pages values = KBPF_TRY(Pages::create(pages_for(bytes)));
  memset(values.data(), 0, values.size());
  Map *map = allocate_object<ArrayMap>(spec, std::move(values));
  if (!map)
    return Error::no_memory;
  return map;
}

} // namespace kbpf::maps
