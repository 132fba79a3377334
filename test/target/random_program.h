// SPDX-License-Identifier: MIT OR Apache-2.0
// Random programs that are well-behaved by construction: they end, touch only their stack and context, and no
// address gets into their results. So any two engines must agree on them.
#pragma once
#include "core/isa/insn.h"
#include <cstddef>
#include <span>

namespace kbpf::test {

constexpr size_t kRandomContext = 128; // bytes that a random program may read and write through r1

// The program for a seed; the span is valid until the next call.
struct RandomProgram {
  std::span<const Insn> insns;
  std::span<const uint32_t> callbacks; // functions that only handles name
  bool reads_unwritten_stack;          // so that it needs cleared frames
};
RandomProgram random_program(uint64_t seed);

uint64_t next_random(uint64_t &state);

} // namespace kbpf::test
