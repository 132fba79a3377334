// SPDX-License-Identifier: MIT OR Apache-2.0
// Conditional jumps over a few instructions that do no more than compute numbers. Their two sides meet at
// once, and differ there in a few numbers only. What waits to be walked need not be kept as a state then:
// unless the walk of the other side comes to rely on one of these numbers, it stands for both; else the path
// to the jump, which has gone one way only since the last checkpoint, is walked once more from there.
#pragma once
#include "core/verifier/analysis.h"
#include "core/verifier/snapshot.h"

namespace kbpf {

struct Skip {       // the side that jumps
  Snapshot *parent; // the checkpoint that was passed last
  // Of Value::sources behind that checkpoint, beyond its numbers: of what comes from those that differ. 0: no
  // skip.
  uint64_t source;
  uint32_t insn;        // the jump
  uint32_t path_length; // with it
  uint32_t registers;   // that may differ where the sides meet, of the innermost frame, as bits
  bool is_open;         // the other side has not come there
};

// The registers that may differ where the sides of the conditional jump at state.insn meet, if that is a jump
// over few instructions, as bits; nothing: it is none. The comparison is one of numbers.
std::optional<uint32_t> skipped_registers(const Analysis &analysis, const State &state);

// Marks what differs in `state`, of the other side, where the sides meet. False: more than sizes of numbers.
inline bool mark_skipped(const Skip &skip, State &state) {
  Value *const regs = state.frame().regs;
  bool are_numbers = true;
  for (uint32_t left = skip.registers; left; left &= left - 1) {
    Value &value = regs[std::countr_zero(left)];
    are_numbers &= value.is_scalar();
    if (value.is_scalar())
      value.sources |= skip.source;
  }
  return are_numbers;
}

// The other side, in `state`, has come to where they meet.
inline void meet(Skip &skip, State &state) {
  skip.is_open = false;
  if (!mark_skipped(skip, state))
    skip.parent->relied_on |= skip.source;
}

// Whether the other side, all of whose paths have ended, stands for this one. Paths that end at an open
// checkpoint do so at a loop that the kernel ends, behind which a path has forked: `parent` is none of these.
inline bool is_stood_for(const Skip &skip) {
  const Snapshot &parent = *skip.parent;
  return !(parent.relied_on & skip.source) && !parent.depends_on && !parent.waits_for;
}

} // namespace kbpf
