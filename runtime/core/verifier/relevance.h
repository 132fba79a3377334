// SPDX-License-Identifier: MIT OR Apache-2.0
// Which numbers can matter for safety? One that only ever ends up in memory outside of the stack, or in the
// program's result, may be anything. The walk forgets such numbers where paths join, so that paths that
// differ in nothing else become one. The answer only decides how much is forgotten, never whether forgetting
// is sound.
#pragma once
#include "core/base/arena.h"
#include "core/base/result.h"
#include "core/verifier/program.h"

namespace kbpf {

struct Cfg;

// Per instruction, of what holds before it.
struct Relevance {
  // Bit n: register n may come to be an address, a compared number, a constrained argument, or kept on the
  // stack for one of these.
  std::span<const uint16_t> registers;
  // Bit n: slot n of the function's stack (state.h) holds a number that will not. Only slots that the
  // function fills registers from by their fixed place are known so well.
  std::span<const uint64_t> idle_slots;
};

// Error: no_memory.
Result<Relevance> compute_relevance(const RawProgram &program, const Cfg &cfg, Arena &arena);

} // namespace kbpf
