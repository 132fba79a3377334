// SPDX-License-Identifier: MIT OR Apache-2.0
// First in, first out.
#include "kernel/maps/map_type.h"
#include "kernel/maps/sequence.h"

namespace kbpf::maps {

Result<Map *> create_queue_map(const MapSpec &spec) {
  return SequenceMap::create(spec, SequenceMap::Order::first_in_first_out);
}

} // namespace kbpf::maps
