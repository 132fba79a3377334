// SPDX-License-Identifier: MIT OR Apache-2.0
// The array: max_entries values in a row. They begin on a page of their own, so that a process can map them
// where the spec says MMAPABLE.
#include "kernel/maps/indexed.h"
#include "kernel/maps/special_fields.h"

namespace kbpf::maps {
namespace {

class ArrayMap final : public IndexedMap {
public:
  ArrayMap(const MapSpec &spec, Pages values) : IndexedMap(spec), values_(std::move(values)) {}

  void *lookup(const void *key) override {
    uint32_t index = index_of(key);
    return index < spec().max_entries ? value(index) : nullptr;
  }

  Result<void> update(const void *key, const void *new_value, uint64_t flags) override {
    Word *to = value(KBPF_TRY(update_index(key, flags)));
    ValueGuard guard(to, fields(), flags & KBPF_MAP_ELEM_LOCK);
    store_value(to, new_value, spec().value_size, fields());
    release_timer(index_of(key)); // as on Linux
    return {};
  }

  void *mapped_page(uint64_t index) override {
    return index < values_.size() / kPageSize ? values_.data() + index * kPageSize : nullptr;
  }

private:
  Result<void> check_mapping(uint64_t offset, uint64_t size, bool) const override {
    if (!(spec().flags & KBPF_MAP_F_MMAPABLE) || offset > values_.size() || size > values_.size() - offset)
      return Error::invalid;
    return {};
  }
  void *first_value() const override { return spec().max_entries == 1 ? value(0) : nullptr; }
  Elements elements() const override { return {value(0), static_cast<uint32_t>(stride() * sizeof(Word))}; }
  void free_memory() override { free_object(this); }
  uint32_t timer_slots() const override { return spec().max_entries; }
  uint32_t timer_slot(const void *of) const override {
    return static_cast<uint32_t>((static_cast<const Word *>(of) - value(0)) /
                                 static_cast<ptrdiff_t>(stride()));
  }
  Word *value(uint32_t index) const { return reinterpret_cast<Word *>(values_.data()) + index * stride(); }

  Pages values_;
};

} // namespace

Result<Map *> create_array_map(const MapSpec &spec) {
  Pages values = KBPF_TRY(IndexedMap::allocate_values(spec, 1));
  Map *map = allocate_object<ArrayMap>(spec, std::move(values));
  if (!map)
    return Error::no_memory;
  return map;
}

} // namespace kbpf::maps
