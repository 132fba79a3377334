// SPDX-License-Identifier: MIT OR Apache-2.0
// What a definition of a map of some type may say (runtime/abi/map_shapes.def).
#pragma once
#include <cstdint>

namespace kbpf {

struct MapShape {
  uint32_t flags, needed_flags;     // KBPF_MAP_F_*: that may, and that must be set
  uint32_t least_key, most_key;     // bytes
  uint32_t least_value, most_value; // bytes
};

// Null: there is no such type.
const MapShape *map_shape(uint32_t type);

} // namespace kbpf
