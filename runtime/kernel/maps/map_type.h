// SPDX-License-Identifier: MIT OR Apache-2.0
// Between map.cpp and the map types: each type NAME of map_types.def defines create_NAME_map, which makes
// the map; that the spec has the type's shape (map_shapes.def) was seen before. A missing one is a link error.
#pragma once
#include "kernel/maps/map.h"

namespace kbpf::maps {

#define KBPF_MAP_TYPE(number, name, NAME, uses, since, text)                                                 \
  Result<Map *> create_##name##_map(const MapSpec &spec);
#include "abi/map_types.def"
#undef KBPF_MAP_TYPE

// Bytes of one map's elements together. A larger one would need more memory than a kernel of this family has.
constexpr uint64_t kMaxMapBytes = uint64_t{1} << 32;

} // namespace kbpf::maps
