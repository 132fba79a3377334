// SPDX-License-Identifier: MIT OR Apache-2.0
// Numbers that are copies or parts of one another. A program compares one of them and goes on with another;
// the link carries what the comparison has shown.
#pragma once
#include "core/verifier/state.h"

namespace kbpf {

// Whether what the instruction makes of a number that is such a part, with a constant or not, may be a part
// or a moved copy of the same number.
constexpr bool may_stay_linked(const Insn &insn, const Part &part, bool by_constant) {
  switch (insn.code()) {
  case KBPF_ALU_ADD:
    return by_constant && part.form == Part::Form::whole;
  case KBPF_ALU_AND:
    return !insn.src_is_reg() && (insn.imm == 0xff || insn.imm == 0xffff);
  case KBPF_ALU_LSH:
    return !insn.src_is_reg();
  case KBPF_ALU_RSH:
  case KBPF_ALU_ARSH:
    return !insn.src_is_reg() && part.form == Part::Form::shifted_up;
  default:
    return insn.code() == KBPF_ALU_MOV;
  }
}
// The link of `insn`'s result to the number that its first operand belongs to; by: its second. Changes
// result's id, part and delta only; leaves them empty where the result is no such part.
void derive(const Insn &insn, const Value &operand, const Scalar &by, Value &result);
// The part that a store of `bits` bits keeps of a value, seen as what a zero-extending load gives.
void derive_stored(unsigned bits, const Value &operand, Value &result);

inline void unlink(Value &number) {
  number.id = 0;
  number.part = {};
  number.delta = 0;
}

// Narrows result by another value of the state that is the same part of the same number.
void adopt_known(State &state, Value &result);

// `narrowed` was learnt to be so: narrows all that are linked to it. False: they contradict it, the state
// can't be.
[[nodiscard]] bool propagate(State &state, const Value &narrowed);

} // namespace kbpf
