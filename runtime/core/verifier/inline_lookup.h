// SPDX-License-Identifier: MIT OR Apache-2.0
// Lookups in arrays as plain instructions, so that both engines do without a call: elements lie side by side
// and stay where they are for as long as the map lives, and a program keeps its maps alive.
#pragma once
#include "core/verifier/program.h"
#include <array>

namespace kbpf {

constexpr uint32_t kMapLookup = 1; // the helper, in every profile whose first argument there is a map

// What stands for `call map_lookup_elem`: r2 points to the key, r0 gets the address or null, and r1 is
// overwritten as a call may do.
using InlinedLookup = std::array<Insn, 7>;

bool can_inline_lookup(const MapRef &map);
InlinedLookup inline_lookup(const MapRef &map);

// Of one call of map_lookup_elem: the map that it is about on every path that came by, or that there are
// several.
class LookedUpMap {
public:
  void meet(uint16_t map, bool is_inner) {
    uint32_t met = is_inner ? kSeveral : map + 2u;
    state_ = state_ == kNone || state_ == met ? met : kSeveral;
  }
  // Index in RawProgram::maps, or below 0.
  int32_t only() const { return state_ > kSeveral ? static_cast<int32_t>(state_ - 2) : -1; }

private:
  static constexpr uint32_t kNone = 0, kSeveral = 1;
  uint32_t state_ = kNone;
};

} // namespace kbpf
