// SPDX-License-Identifier: MIT OR Apache-2.0
// What may be computed with addresses, and how registers that hold them lie on the stack. Addresses can be
// moved by numbers, and two of them have a distance; anything else gives a number that means nothing, and is
// a slip. The rules, and the bounds beyond which a sum is refused at once, are Linux's.
#include "core/verifier/checker.h"
#include "core/verifier/memory.h"
#include "core/verifier/precision.h"

namespace kbpf {
namespace {

constexpr int64_t kFarthest = int64_t{1} << 29; // far beyond every object: no sum of two such numbers wraps

bool is_far(int64_t number) { return number >= kFarthest || number <= -kFarthest; }
bool is_far(const Scalar &number) {
  return is_far(number.is_constant() ? static_cast<int64_t>(number.value()) : number.r64.smin);
}

} // namespace

Result<void> Checker::check_movable(const State &state) {
  const Insn &insn = analysis_.insn(state.insn);
  const bool src_is_pointer = insn.src_is_reg() && state.reg(insn.src()).is_pointer();
  const bool dst_is_pointer = state.reg(insn.dst()).is_pointer();
  const bool subtracts = insn.code() == KBPF_ALU_SUB;
  if (subtracts && ((dst_is_pointer && src_is_pointer) || insn.cls() == KBPF_CLASS_ALU))
    return {};
  const unsigned pointer = dst_is_pointer ? insn.dst() : insn.src();
  const Value &moved = state.reg(pointer);
  const Scalar by = !insn.src_is_reg() ? Scalar::constant(static_cast<uint64_t>(int64_t{insn.imm}))
                                       : state.reg(dst_is_pointer ? insn.src() : insn.dst()).number;
  // As Linux has it, which looks at offsets before it looks at the operation.
  const bool is_too_far = insn.cls() == KBPF_CLASS_ALU64 && !(dst_is_pointer && src_is_pointer) &&
                          !moved.may_be_null() && moved.kind != Kind::map && moved.kind != Kind::object &&
                          moved.kind != Kind::packet_end && (is_far(by) || is_far(moved.number));
  const Error error = is_too_far ? Error::invalid : Error::access_denied;
  if (insn.cls() != KBPF_CLASS_ALU64 || (insn.code() != KBPF_ALU_ADD && !subtracts))
    return refuse_as(error, state, RejectionId::pointer_arithmetic,
                     "r{} is a {}: 64-bit addition and subtraction are all that addresses take part in",
                     pointer, kind_name(moved.kind));
  if (dst_is_pointer && src_is_pointer)
    return refuse(state, RejectionId::pointer_arithmetic, "r{} and r{} are both addresses", insn.dst(),
                  insn.src());
  if (subtracts && !dst_is_pointer)
    return refuse_as(error, state, RejectionId::pointer_arithmetic, "r{} is an address, taken from a number",
                     pointer);
  if (subtracts && moved.kind == Kind::stack)
    return refuse_as(error, state, RejectionId::pointer_arithmetic,
                     "r{} is a stack pointer: add a negative number to it instead", pointer);
  if (insn.src_is_reg())
    rely_on(state, state.reg(dst_is_pointer ? insn.src() : insn.dst()));
  return check_movable(state, pointer, by, subtracts);
}

// A null pointer moved is no longer null: the comparison has to come first. Maps have no inside.
Result<void> Checker::check_movable(const State &state, unsigned reg, const Scalar &by, bool subtracts) {
  const Value &pointer = state.reg(reg);
  switch (pointer.kind) {
  case Kind::map_value_or_null:
  case Kind::map_or_null:
  case Kind::object_or_null:
  case Kind::btf_object_or_null:
  case Kind::allocated_or_null:
  case Kind::memory_or_null:
    return refuse(state, RejectionId::pointer_arithmetic,
                  "r{} may be null: compare it with null before adding to it", reg);
  case Kind::map:
    if (by.is_constant(0) && !subtracts)
      return {};
    [[fallthrough]];
  case Kind::object:
  case Kind::dynptr_argument:
    return refuse(state, RejectionId::pointer_arithmetic, "r{} is a {} and can't be moved", reg,
                  kind_name(pointer.kind));
  case Kind::packet_end:
    return refuse(state, RejectionId::pointer_arithmetic,
                  "r{} is the packet's end: move the pointer that is compared with it", reg);
  default:
    break;
  }
  if (by.is_constant() && is_far(by))
    return refuse_as(Error::invalid, state, RejectionId::pointer_arithmetic,
                     "r{}, a {}, is moved by {}: too far", reg, kind_name(pointer.kind),
                     static_cast<int64_t>(by.value()));
  if (is_far(by) && by.r64.smin == INT64_MIN)
    return refuse_as(Error::invalid, state, RejectionId::pointer_arithmetic,
                     "r{}, a {}, is moved by a number without a lower bound: compare it with the number of "
                     "elements first, as an unsigned number",
                     reg, kind_name(pointer.kind));
  if (is_far(by))
    return refuse_as(
        Error::invalid, state, RejectionId::pointer_arithmetic,
        "r{}, a {}, is moved by a number that may be as low as {}; check its lower bound, or make it "
        "unsigned",
        reg, kind_name(pointer.kind), by.r64.smin);
  const Scalar moved = alu64(subtracts ? KBPF_ALU_SUB : KBPF_ALU_ADD, 0, pointer.number, by);
  if (is_far(pointer.number) || is_far(moved))
    return refuse_as(Error::invalid, state, RejectionId::pointer_arithmetic,
                     "r{}, a {}, is moved to offset {}: beyond every object", reg, kind_name(pointer.kind),
                     moved.is_constant() ? static_cast<int64_t>(moved.value()) : moved.r64.smin);
  return {};
}

bool Checker::is_plain_move(const Insn &insn, const Value &address, const Scalar &by, Scalar &moved) {
  const bool subtracts = insn.code() == KBPF_ALU_SUB;
  if (insn.cls() != KBPF_CLASS_ALU64 || (insn.code() != KBPF_ALU_ADD && !subtracts) ||
      insn.dst() == KBPF_REG_FP ||
      (address.kind != Kind::packet && address.kind != Kind::map_value &&
       (address.kind != Kind::stack || subtracts)) ||
      is_far(by) || is_far(address.number))
    return false;
  if (by.is_constant() && address.number.is_constant())
    moved = Scalar::constant(subtracts ? address.number.value() - by.value()
                                       : address.number.value() + by.value());
  else
    moved = alu64(subtracts ? KBPF_ALU_SUB : KBPF_ALU_ADD, 0, address.number, by);
  return !is_far(moved);
}

// An address is kept whole: a piece of it means nothing, so writing or reading one is a slip.
Result<void> Checker::check_spill(const State &state, const Obligation &access) {
  const Insn &insn = analysis_.insn(state.insn);
  const Value &base = state.reg(access.reg);
  const OffsetRange at = offsets(base, access.off, access.size);
  if (!at.is_exact(access.size))
    return {};
  if (access.access == Access::write || access.access == Access::release) {
    if (insn.cls() != KBPF_CLASS_STX || !state.reg(insn.src()).is_pointer())
      return {};
    const Value &stored = state.reg(insn.src());
    if (access.size != 8)
      return refuse(state, RejectionId::partial_address, "{} bytes of r{}, a {}, are stored: 8 are needed",
                    access.size, insn.src(), kind_name(stored.kind));
    if (stored.kind == Kind::stack && base.frame != state.frame_count - 1)
      return refuse(state, RejectionId::partial_address,
                    "r{} points to the stack and is stored in the stack frame of a caller", insn.src());
    return {};
  }
  const Frame &frame = *state.frames[base.frame];
  const uint32_t slot = slot_of(at.first);
  if (access.size == 8 || slot >= frame.slot_count || frame.slots[slot].bytes[0] != ByteKind::spill ||
      frame.slots[slot].spilled.is_scalar())
    return {};
  return refuse(state, RejectionId::partial_address,
                "{} bytes at offset {} in the stack, where a {} is kept: 8 are needed", access.size, at.first,
                kind_name(frame.slots[slot].spilled.kind));
}

} // namespace kbpf
