// SPDX-License-Identifier: MIT OR Apache-2.0
// The hash table with a value for each CPU: programs read and write their own CPU's without disturbing
// others, system calls all of them.
#include "kernel/maps/hash_table.h"
#include "kernel/maps/map_type.h"

namespace kbpf::maps {
namespace {

class PerCpuHashMap final : public HashTable {
public:
  explicit PerCpuHashMap(const MapSpec &spec) : HashTable(spec, {.per_cpu = true, .evicts = false}) {}

private:
  void free_memory() override { free_object(this); }
};

} // namespace

Result<Map *> create_percpu_hash_map(const MapSpec &spec) {
  return HashTable::create<PerCpuHashMap>(spec);
}

} // namespace kbpf::maps
