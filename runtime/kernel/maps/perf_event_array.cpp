// SPDX-License-Identifier: MIT OR Apache-2.0
#include "kernel/maps/perf_event_array.h"

namespace kbpf::maps {

Result<Map *> PerfEventArrayMap::create(const MapSpec &spec) {
  Buffer slots = KBPF_TRY(allocate_slots(spec));
  Map *map = allocate_object<PerfEventArrayMap>(spec, std::move(slots));
  if (!map)
    return Error::no_memory;
  return map;
}

Result<PerfEvent *> PerfEventArrayMap::event_at(uint32_t index) const {
  if (index >= spec().max_entries)
    return Error::too_big;
  Object *object = object_at(index);
  return object ? Result<PerfEvent *>(static_cast<PerfEvent *>(object)) : Error::not_found;
}

Result<void> PerfEventArrayMap::admit(const Object &object) const {
  return object.kind == Object::Kind::perf_event ? Result<void>() : Error::invalid;
}

Result<Map *> create_perf_event_array_map(const MapSpec &spec) { return PerfEventArrayMap::create(spec); }

} // namespace kbpf::maps
