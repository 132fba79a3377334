// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/verifier/memory.h"
#include "core/verifier/link.h"

namespace kbpf {

OffsetRange varying_offsets(const Value &base, int64_t off, uint64_t size) {
  constexpr int64_t kFar = int64_t{1} << 31;
  const Range64 &range = base.number.r64;
  if (range.smin < -kFar || range.smax > kFar)
    return {};
  return {true, range.smin + off, range.smax + off + static_cast<int64_t>(size),
          add(base.number.bits, Tnum::constant(static_cast<uint64_t>(off)))};
}

Value read_stack(const Frame &frame, int64_t offset, unsigned size) {
  if (slot_of(offset) >= frame.slot_count) // nothing was written there
    return Value::scalar(Scalar::zero_extended(size * 8));
  const StackSlot &slot = frame.slots[slot_of(offset)];
  unsigned first = byte_of(offset), stored = spilled_bytes(slot);
  if (first == 0 && size == 8 && stored == 8)
    return slot.spilled;
  if (first == 0 && size <= stored && slot.spilled.is_scalar()) {
    Value value = Value::scalar(zero_extend(slot.spilled.number, size * 8));
    value.sources = slot.spilled.sources;
    if (value.number == slot.spilled.number) { // the very number that was stored
      value.id = slot.spilled.id;
      value.part = slot.spilled.part;
      value.delta = slot.spilled.delta;
    }
    return value;
  }
  bool all_zero = true;
  for (unsigned i = first; i < first + size; i++)
    all_zero &= slot.bytes[i] == ByteKind::zero;
  return all_zero ? Value::constant(0) : Value::scalar(Scalar::zero_extended(size * 8));
}

std::optional<Value> known_u32(const State &state, const Value &address) {
  const OffsetRange at = offsets(address, 0, sizeof(uint32_t));
  if (address.kind != Kind::stack || !at.is_exact(sizeof(uint32_t)) || at.first % 4 != 0 ||
      at.first < -int64_t{KBPF_STACK_SIZE} || at.end > 0)
    return std::nullopt;
  const Frame &frame = *state.frames[address.frame];
  if (frame.last_constant_at == at.first)
    return frame.last_constant;
  Value value = read_stack(frame, at.first, sizeof(uint32_t));
  return value.is_scalar() && value.number.is_constant() ? std::optional(value) : std::nullopt;
}

bool write_stack(Frame &frame, int64_t offset, unsigned size, const Value &value) {
  if (slot_of(offset) == slot_of(frame.last_constant_at))
    frame.forget_last_constant();
  StackSlot &slot = frame.slots[slot_of(offset)];
  // Most often; a zero is kept as that, and a number of which nothing is known not at all.
  if (size == 8 &&
      (!value.is_scalar() || (value.number.is_constant() ? value.number.value() : value.id) != 0)) {
    slot.spilled = value;
    slot.fill(ByteKind::spill);
    return false;
  }
  unsigned first = byte_of(offset);
  if (first < spilled_bytes(slot))
    forget_spill(slot);
  ByteKind kind = ByteKind::misc;
  const bool is_zero =
      value.is_scalar() && value.number.is_constant() && truncate(value.number.bits, size * 8).value == 0;
  if (is_zero && (first != 0 || value.sources == 0)) {
    kind = ByteKind::zero;
  } else if (first == 0 && (size == 8 || value.is_scalar())) {
    Value stored = value;
    if (size < 8) {
      stored.number = zero_extend(value.number, size * 8);
      derive_stored(size * 8, value, stored);
    }
    bool says_nothing =
        stored.is_scalar() && stored.id == 0 && stored.number == Scalar::zero_extended(size * 8);
    if (!says_nothing) {
      slot.spilled = stored;
      kind = ByteKind::spill;
    }
  }
  for (unsigned i = first; i < first + size; i++)
    slot.bytes[i] = kind;
  if (first == 4 && size == 4 && value.is_scalar() && value.id == 0 && value.number.is_constant()) {
    frame.last_constant_at = static_cast<int16_t>(offset);
    frame.last_constant = value;
    frame.last_constant.number = zero_extend(value.number, 32);
  }
  return kind == ByteKind::zero && value.sources != 0;
}

bool overwrite_stack(Frame &frame, int64_t first, int64_t end, Overwritten how) {
  bool relies_on_zero = false;
  frame.forget_last_constant();
  for (int64_t offset = first; offset < end; offset++) {
    uint32_t index = slot_of(offset);
    if (index >= frame.slot_count)
      continue;
    StackSlot &slot = frame.slots[index];
    ByteKind &kind = slot.bytes[byte_of(offset)];
    if (how == Overwritten::perhaps_by_zero &&
        (kind == ByteKind::zero || (kind == ByteKind::spill && slot.spilled.is_null()))) {
      relies_on_zero = true;
      continue;
    }
    if (kind == ByteKind::spill)
      forget_spill(slot);
    if (how == Overwritten::all || kind != ByteKind::uninitialised)
      kind = ByteKind::misc;
  }
  return relies_on_zero;
}

} // namespace kbpf
