// SPDX-License-Identifier: MIT OR Apache-2.0
// The array with a value for each CPU at each index: one CPU's values lie together, so that CPUs that count
// side by side don't share cache lines.
#include "kernel/epoch.h"
#include "kernel/maps/indexed.h"

namespace kbpf::maps {
namespace {

class PerCpuArrayMap final : public IndexedMap {
public:
  PerCpuArrayMap(const MapSpec &spec, uint32_t cpu_count, Pages values)
      : IndexedMap(spec), cpu_count_(cpu_count), values_(std::move(values)) {}

  void *lookup(const void *key) override { return lookup_percpu(key, kbpf_port_cpu()); }

  void *lookup_percpu(const void *key, uint32_t cpu) override {
    uint32_t index = index_of(key);
    return index < spec().max_entries && cpu < cpu_count_ ? value(cpu, index) : nullptr;
  }

  Result<void> update(const void *key, const void *new_value, uint64_t flags) override {
    uint32_t index = KBPF_TRY(update_index(key, flags));
    ReadSection section; // no change of CPU meanwhile
    store_words(value(kbpf_port_cpu(), index), new_value, spec().value_size);
    return {};
  }

  size_t user_value_size() const override { return stride() * sizeof(Word) * cpu_count_; }

  Result<void> read_for_user(const void *key, void *to) override {
    uint32_t index = index_of(key);
    if (index >= spec().max_entries)
      return Error::not_found;
    for (uint32_t cpu = 0; cpu < cpu_count_; cpu++)
      load_words(static_cast<Word *>(to) + cpu * stride(), value(cpu, index), stride() * sizeof(Word));
    return {};
  }

  Result<void> write_for_user(const void *key, const void *from, uint64_t flags) override {
    uint32_t index = KBPF_TRY(update_index(key, flags));
    for (uint32_t cpu = 0; cpu < cpu_count_; cpu++)
      store_words(value(cpu, index), static_cast<const Word *>(from) + cpu * stride(), spec().value_size);
    return {};
  }

private:
  void free_memory() override { free_object(this); }
  Elements elements() const override {
    const uint32_t size = static_cast<uint32_t>(stride() * sizeof(Word));
    return {value(0, 0), size, uint64_t{size} * spec().max_entries};
  }
  Word *value(uint32_t cpu, uint32_t index) const {
    return reinterpret_cast<Word *>(values_.data()) + (size_t{cpu} * spec().max_entries + index) * stride();
  }

  const uint32_t cpu_count_;
  Pages values_;
};

} // namespace

Result<Map *> create_percpu_array_map(const MapSpec &spec) {
  if (spec.value_size > KBPF_MAX_PERCPU_VALUE)
    return Error::too_big;
  uint32_t cpu_count = kbpf_port_cpu_count();
  Pages values = KBPF_TRY(IndexedMap::allocate_values(spec, cpu_count));
  Map *map = allocate_object<PerCpuArrayMap>(spec, cpu_count, std::move(values));
  if (!map)
    return Error::no_memory;
  return map;
}

} // namespace kbpf::maps
