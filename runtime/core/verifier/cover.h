// SPDX-License-Identifier: MIT OR Apache-2.0
// When need a path not be walked? When a state seen before at the same place contains the new one: whatever
// was found safe from there is safe from here.
#pragma once
#include "core/verifier/cfg.h"
#include "core/verifier/state.h"

namespace kbpf {

// Forgets what nobody will read or compare: dead registers, numbers that do not matter, ids that only one
// value has.
void simplify(State &state, const Cfg &cfg);

// Whether every machine state that `current` stands for is one of `old`. Both are at the same instruction,
// simplified. Adds the number of values compared to work.
bool covers(const State &old, const State &current, uint64_t &work);

} // namespace kbpf
