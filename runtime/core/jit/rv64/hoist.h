// SPDX-License-Identifier: MIT OR Apache-2.0
// Which constants of a function are worth a register.
#pragma once
#include "core/isa/encoding.h"
#include "core/jit/rv64/plan.h"

namespace kbpf::rv64 {

// The constants that a function's loops build.
class LoopConstants {
public:
  // What the instruction builds, inside of so many loops, at least one.
  void add(std::span<const Insn> insns, size_t index, unsigned depth);
  // Fills layout.constants from registers, the best first.
  void choose(std::span<const Reg> registers, Layout &layout);

private:
  struct Candidate {
    uint64_t value;
    uint32_t length; // instructions that build it
    uint32_t weight; // instructions saved, as if each loop ran eight times
  };
  static constexpr unsigned kMaxCandidates = 16; // those that are met later are not looked at
  Candidate candidates_[kMaxCandidates];
  unsigned count_ = 0;
};

} // namespace kbpf::rv64
