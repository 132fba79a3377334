// SPDX-License-Identifier: MIT OR Apache-2.0
// The hash table that is never full: a new key drives out one that was not looked up lately. Linux can keep a
// list for each CPU (NO_COMMON_LRU); here one clock serves all, whatever the flag.
#include "kernel/maps/hash_table.h"
#include "kernel/maps/map_type.h"

namespace kbpf::maps {
namespace {

class LruHashMap final : public HashTable {
public:
  explicit LruHashMap(const MapSpec &spec) : HashTable(spec, {.per_cpu = false, .evicts = true}) {}

private:
  void free_memory() override { free_object(this); }
};

} // namespace

Result<Map *> create_lru_hash_map(const MapSpec &spec) {
  return HashTable::create<LruHashMap>(spec);
}

} // namespace kbpf::maps
