// SPDX-License-Identifier: MIT OR Apache-2.0
// The hash table that drives old keys out, with a value for each CPU.
#include "kernel/maps/hash_table.h"
#include "kernel/maps/map_type.h"

namespace kbpf::maps {
namespace {

class LruPerCpuHashMap final : public HashTable {
public:
  explicit LruPerCpuHashMap(const MapSpec &spec) : HashTable(spec, {.per_cpu = true, .evicts = true}) {}

private:
  void free_memory() override { free_object(this); }
};

} // namespace

Result<Map *> create_lru_percpu_hash_map(const MapSpec &spec) {
  return HashTable::create<LruPerCpuHashMap>(spec);
}

} // namespace kbpf::maps
