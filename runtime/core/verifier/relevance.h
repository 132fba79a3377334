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

// Per instruction: bit n, what register n holds before it may come to be an address, a compared number, a
// constrained argument, or something kept on the stack. Error: no_memory.
Result<std::span<const uint16_t>> compute_relevance(const RawProgram &program, const Cfg &cfg, Arena &arena);

} // namespace kbpf
