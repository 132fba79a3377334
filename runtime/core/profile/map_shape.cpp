// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/profile/map_shape.h"
#include "abi/attr.h"
#include "abi/limits.h"

namespace kbpf {
namespace {

struct Row {
  uint32_t type;
  MapShape shape;
};

constexpr Row kRows[] = {
#define KBPF_MAP_SHAPE(number, name, flags, needed, least_key, most_key, least_value, most_value)            \
  {number, {flags, needed, least_key, most_key, least_value, most_value}},
#include "abi/map_shapes.def"
#undef KBPF_MAP_SHAPE
};

// A row for each type, in the same order.
constexpr uint32_t kTypes[] = {
#define KBPF_MAP_TYPE(number, name, NAME, uses, since, text) number,
#include "abi/map_types.def"
#undef KBPF_MAP_TYPE
};
constexpr bool are_the_same() {
  if (sizeof kRows / sizeof *kRows != sizeof kTypes / sizeof *kTypes)
    return false;
  for (unsigned i = 0; i < sizeof kRows / sizeof *kRows; i++)
    if (kRows[i].type != kTypes[i])
      return false;
  return true;
}
static_assert(are_the_same(), "each map type has its shape");

} // namespace

const MapShape *map_shape(uint32_t type) {
  for (const Row &row : kRows)
    if (row.type == type)
      return &row.shape;
  return nullptr;
}

} // namespace kbpf
