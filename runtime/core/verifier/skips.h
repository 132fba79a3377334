// SPDX-License-Identifier: MIT OR Apache-2.0
// Conditional jumps over a few instructions that do no more than compute in registers. Their two sides meet
// at once, and differ in few registers there: what waits to be walked need not be a state of its own, it is
// the checkpoint where they meet, but for those registers.
#pragma once
#include "core/verifier/analysis.h"
#include "core/verifier/snapshot.h"

namespace kbpf {

struct Skip { // the side that jumps
  static constexpr uint32_t kMostRegisters = 3;
  Snapshot *meeting; // null: the other side has not come to where they meet
  Snapshot *parent;  // of the state, like the next two
  uint32_t path_length;
  uint32_t insn;
  Skip *next; // in a list of free ones
  uint32_t
      registers; // of the innermost frame, as bits: those that may differ from what they are in `meeting`

  // What they are here, in order; there is room for the most.
  Value *values() { return reinterpret_cast<Value *>(this + 1); }
  const Value *values() const { return reinterpret_cast<const Value *>(this + 1); }
  static constexpr size_t kBytes = 40 + kMostRegisters * sizeof(Value);
  void narrow(uint32_t reg, const Scalar &number) {
    if (registers >> reg & 1)
      values()[std::popcount(registers & ((1u << reg) - 1))].number = number;
  }
};

static_assert(sizeof(Skip) == 40 && alignof(Skip) == alignof(Value));

// The registers that may differ where the sides of the conditional jump at state.insn meet, if that is a jump
// over few instructions, as bits; nothing: it is none, or too many may. The comparison may be of numbers
// only.
std::optional<uint32_t> skipped_registers(const Analysis &analysis, const State &state);

// Whether `meeting`, from which all paths have ended, vouches for the side that jumps; what was relied on
// behind it is relied on here then. Of a few simple differences only: else covers() is to be asked.
bool ends_at_meeting(const Skip &skip, const State &state);

// Makes `state`, which is at the meeting as the other side has come there, the side that jumps.
void take_side(const Skip &skip, State &state);

} // namespace kbpf
