// SPDX-License-Identifier: MIT OR Apache-2.0
// The plain hash table: one value under each key; full, it takes no new keys.
#include "kernel/maps/hash_table.h"
#include "kernel/maps/map_type.h"

namespace kbpf::maps {
namespace {

class HashMap final : public HashTable {
public:
  explicit HashMap(const MapSpec &spec) : HashTable(spec, {.per_cpu = false, .evicts = false}) {}

private:
  void free_memory() override { free_object(this); }
};

} // namespace

Result<Map *> create_hash_map(const MapSpec &spec) {
  return HashTable::create<HashMap>(spec);
}

} // namespace kbpf::maps
