// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/verifier/link.h"

namespace kbpf {
namespace {

using Form = Part::Form;

constexpr Part kNoPart = {Form::whole, 0};

// The lowest bits of a part that has as many are those of the number itself.
Part lowest(Form form, int bits, const Part &operand) {
  bool has_them = operand.form != Form::shifted_up && bits <= operand.bits;
  return has_them ? Part{form, static_cast<uint8_t>(bits)} : kNoPart;
}

// The part that an operation with a constant makes of a part.
Part part_of(const Insn &insn, const Part &operand) {
  bool is_64 = insn.cls() == KBPF_CLASS_ALU64;
  int left = 64 - (insn.imm & 63); // bits, after a shift
  switch (insn.code()) {
  case KBPF_ALU_MOV:
    if (!insn.src_is_reg())
      return kNoPart;
    if (is_64)
      return insn.off ? lowest(Form::sign_extended, insn.off, operand) : operand;
    return insn.off ? kNoPart : lowest(Form::zero_extended, 32, operand);
  case KBPF_ALU_AND:
    if (insn.src_is_reg() || (insn.imm != 0xff && insn.imm != 0xffff))
      return kNoPart;
    return lowest(Form::zero_extended, insn.imm == 0xff ? 8 : 16, operand);
  case KBPF_ALU_LSH:
    return is_64 && !insn.src_is_reg() ? lowest(Form::shifted_up, left, operand) : kNoPart;
  case KBPF_ALU_RSH:
  case KBPF_ALU_ARSH:
    if (!is_64 || insn.src_is_reg() || operand != Part{Form::shifted_up, static_cast<uint8_t>(left)})
      return kNoPart;
    return {insn.code() == KBPF_ALU_RSH ? Form::zero_extended : Form::sign_extended, operand.bits};
  default:
    return kNoPart;
  }
}

// Keeps of `number` what `by` allows. False: nothing.
bool narrow(Scalar &number, const Scalar &by) {
  if (are_disjoint(number.bits, by.bits))
    return false;
  number.bits = intersect(number.bits, by.bits);
  number.r64 = intersect(number.r64, by.r64);
  number.r32 = intersect(number.r32, by.r32);
  return number.normalise();
}

// What is known of one part of a number, given another one of it.
Scalar seen_through(const Part &from, const Scalar &number, const Part &to) {
  if (from == to)
    return number;
  if (from.form == Form::shifted_up || to.form == Form::shifted_up)
    return Scalar::unknown();
  if (to.bits <= from.bits) {
    if (to.form == Form::zero_extended)
      return zero_extend(number, to.bits);
    if (to.form == Form::sign_extended)
      return sign_extend(number, to.bits);
  }
  Scalar result;
  if (from.bits == 32) // the lower halves are the same
    result.r32 = number.r32;
  uint64_t same = Tnum::unknown_bits(std::min(from.bits, to.bits)).mask;
  result.bits = {number.bits.value & same, number.bits.mask | ~same};
  return result;
}

// value, seen as `to`, which belongs to the same number.
Scalar seen_as(const Value &value, const Value &to) {
  const auto moved = [](const Scalar &number, int64_t by) {
    return by == 0 ? number : alu64(KBPF_ALU_ADD, 0, number, Scalar::constant(static_cast<uint64_t>(by)));
  };
  if (value.part.form == Form::whole && to.part.form == Form::whole)
    return moved(value.number, int64_t{to.delta} - value.delta);
  return moved(seen_through(value.part, moved(value.number, -int64_t{value.delta}), to.part), to.delta);
}

// The distance from the number, where a constant was added to a copy of it.
bool is_moved_copy(const Insn &insn, const Value &operand, const Scalar &by) {
  constexpr int64_t kFarthest = int64_t{1} << 30;
  if (insn.code() != KBPF_ALU_ADD || insn.cls() != KBPF_CLASS_ALU64 || operand.part.form != Form::whole ||
      !by.is_constant())
    return false;
  const int64_t step = static_cast<int64_t>(by.value());
  return step > -kFarthest && step < kFarthest && operand.delta + step > -kFarthest &&
         operand.delta + step < kFarthest;
}

} // namespace

void derive(const Insn &insn, const Value &operand, const Scalar &by, Value &result) {
  result.id = 0;
  result.part = {};
  result.delta = 0;
  if (!operand.is_scalar() || operand.id == 0)
    return;
  if (is_moved_copy(insn, operand, by)) {
    result.id = operand.id;
    result.delta = operand.delta + static_cast<int32_t>(by.value());
    return;
  }
  Part part = part_of(insn, operand.part);
  if (part == kNoPart || operand.delta != 0)
    return;
  result.id = operand.id;
  result.part = part;
}

void derive_stored(unsigned bits, const Value &operand, Value &result) {
  if (result.number == operand.number) // nothing is cut off
    return;
  Part part = operand.id && operand.delta == 0
                  ? lowest(Form::zero_extended, static_cast<int>(bits), operand.part)
                  : kNoPart;
  result.id = part == kNoPart ? 0 : operand.id;
  result.part = part == kNoPart ? Part{} : part;
  result.delta = 0;
}

void adopt_known(State &state, Value &result) {
  if (result.id == 0)
    return;
  for_each_value(state, [&](Value &value) {
    if (!value.is_scalar() || value.id != result.id)
      return;
    Scalar narrowed = result.number;
    if (narrow(narrowed, seen_as(value, result)) && narrowed != result.number) {
      result.number = narrowed;
      result.sources |= value.sources;
    }
  });
}

bool propagate(State &state, const Value &narrowed) {
  if (narrowed.id == 0)
    return true;
  bool possible = true;
  for_each_value(state, [&](Value &value) {
    if (!value.is_scalar() || value.id != narrowed.id)
      return;
    possible &= narrow(value.number, seen_as(narrowed, value));
    value.sources |= narrowed.sources;
  });
  return possible;
}

} // namespace kbpf
