// SPDX-License-Identifier: MIT OR Apache-2.0
// When need a path not be walked? When a state seen before at the same place contains the new one: whatever
// was found safe from there is safe from here.
#pragma once
#include "core/verifier/cfg.h"
#include "core/verifier/snapshot.h"

namespace kbpf {

// Forgets what nobody will read: dead registers.
void simplify(State &state, const Cfg &cfg);

// Forgets numbers that change from round to round of a loop that the kernel ends, and that nothing has relied
// on so far. old: the round before.
void widen(State &current, const Snapshot &old);

enum class Coverage : uint8_t {
  relied_on,  // numbers that were not relied on, and slots that were not read, may differ: for old states
              // whose paths have ended
  everything, // all numbers lie within the old ones
  same,       // they are the old ones
};

struct CoverResult {
  uint64_t work = 0;            // values compared, added up
  bool reads_unwritten = false; // bytes may be read as numbers that the current state has not written
};

// Whether the machine states that `current` stands for are safe because those of `old` are: each is one of
// them, but for what does not matter. Both are at the same instruction, simplified.
bool covers(const Snapshot &old, const State &current, Coverage how, CoverResult &result);

} // namespace kbpf
