// SPDX-License-Identifier: MIT OR Apache-2.0
// Conditional jumps over a few instructions that do no more than compute numbers and use what maps hold.
// Their two sides meet at once, and differ there in a few numbers only. What waits to be walked need not be
// kept as a state then: unless the walk of the other side comes to rely on one of these numbers, it stands
// for both; else the path to the jump, which has gone one way only since the last checkpoint, is walked once
// more from there.
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

// A test of a map's value for null: a jump where it is.
inline bool tests_map_value(const Insn &jump, const Value &tested) {
  return tested.kind == Kind::map_value_or_null && jump.opcode == (KBPF_CLASS_JMP | KBPF_JMP_JEQ) &&
         jump.imm == 0;
}

// The registers that may differ where the sides of the conditional jump at state.insn meet, if that is a jump
// over few instructions, as bits; nothing: it is none.
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

// Whether all paths of the other side have ended for good. Paths that end at an open checkpoint do so at a loop
// that the kernel ends, behind which a path has forked: `parent` is none of these.
inline bool all_have_ended(const Skip &skip) { return !skip.parent->depends_on && !skip.parent->waits_for; }
// Whether it stands for this one, then.
inline bool is_stood_for(const Skip &skip) {
  return !(skip.parent->relied_on & skip.source) && all_have_ended(skip);
}
// Whether it does although numbers that differ were relied on: those that this side has where they meet, and
// that the path relies on from now on, are among what the other one has.
bool is_within_skipped(const Skip &skip, const State &jumped, const State &passed);

} // namespace kbpf
