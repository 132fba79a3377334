// SPDX-License-Identifier: MIT OR Apache-2.0
// Last in, first out.
#include "kernel/maps/map_type.h"
#include "kernel/maps/sequence.h"

namespace kbpf::maps {

Result<Map *> create_stack_map(const MapSpec &spec) {
  return SequenceMap::create(spec, SequenceMap::Order::last_in_first_out);
}

} // namespace kbpf::maps
