// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/verifier/cover.h"
#include "core/verifier/held.h"
#include <algorithm>

namespace kbpf {
namespace {

// Ids mean something only within a state: those of two states correspond if one renaming, one to one, fits
// everywhere.
class IdMatch {
public:
  bool match(uint32_t old_id, uint32_t current_id) {
    for (uint32_t i = 0; i < count_; i++)
      if (pairs_[i].old_id == old_id || pairs_[i].current_id == current_id)
        return pairs_[i].old_id == old_id && pairs_[i].current_id == current_id;
    if (count_ == kCapacity)
      return false; // more than this is not worth the time: walk the path
    pairs_[count_++] = {old_id, current_id};
    return true;
  }

private:
  static constexpr uint32_t kCapacity = 64;
  struct Pair {
    uint32_t old_id, current_id;
  };
  Pair pairs_[kCapacity];
  uint32_t count_ = 0;
};

// 0 is no id.
bool ids_match(uint32_t old_id, uint32_t current_id, IdMatch &ids) {
  return (old_id == 0) == (current_id == 0) && (old_id == 0 || ids.match(old_id, current_id));
}

bool value_covers(const Value &old, const Value &current, IdMatch &ids) {
  if (old.kind == Kind::uninitialised)
    return true;
  if (current.kind == Kind::uninitialised)
    return false;
  if (old.is_scalar() && old.id == 0 && old.number.is_unknown())
    return true; // any word at all, an address too
  if (old.kind != current.kind)
    return false;
  switch (old.kind) {
  case Kind::uninitialised:
    return true;
  case Kind::scalar:
    // An id in old means that the walk from there may have used that two values are parts of one.
    if (old.id != 0 && (current.id == 0 || old.part != current.part || !ids.match(old.id, current.id)))
      return false;
    return is_subset(current.number, old.number);
  case Kind::stack:
    return old.frame == current.frame && is_subset(current.number, old.number);
  case Kind::context:
    return is_subset(current.number, old.number);
  case Kind::map:
    return old.map == current.map && old.is_inner == current.is_inner;
  case Kind::function:
    return old.function == current.function;
  case Kind::map_key:
  case Kind::map_value:
  case Kind::fd_slot:
    return old.map == current.map && old.is_inner == current.is_inner &&
           is_subset(current.number, old.number);
  case Kind::memory:
  case Kind::memory_or_null:
    return old.size == current.size && ids_match(old.owner, current.owner, ids) &&
           ids_match(old.id, current.id, ids) && is_subset(current.number, old.number);
  case Kind::packet:
  case Kind::packet_meta:
    return old.delta == current.delta && old.range <= current.range && (old.id == 0) == (current.id == 0) &&
           (old.id == 0 || ids.match(old.id, current.id)) && is_subset(current.number, old.number);
  case Kind::packet_end:
    return true;
  case Kind::map_value_or_null:
  case Kind::map_or_null:
    return old.map == current.map && old.is_inner == current.is_inner && ids.match(old.id, current.id);
  }
  return false;
}

bool byte_covers(ByteKind old, ByteKind current) {
  switch (old) {
  case ByteKind::uninitialised:
    return true;
  case ByteKind::misc:
    return current != ByteKind::uninitialised;
  case ByteKind::zero:
    return current == ByteKind::zero;
  case ByteKind::spill:
    return current == ByteKind::spill; // the values are compared as well
  }
  return false;
}

bool slot_covers(const StackSlot &old, const StackSlot &current, IdMatch &ids) {
  for (unsigned i = 0; i < 8; i++)
    if (!byte_covers(old.bytes[i], current.bytes[i]))
      return false;
  if (old.bytes[0] != ByteKind::spill)
    return true;
  for (unsigned i = 0; i < 8; i++) // stored in as many bytes
    if ((old.bytes[i] == ByteKind::spill) != (current.bytes[i] == ByteKind::spill))
      return false;
  return value_covers(old.spilled, current.spilled, ids);
}

bool frame_covers(const Frame &old, const Frame &current, IdMatch &ids, uint64_t &work) {
  if (old.first_insn != current.first_insn || old.return_to != current.return_to ||
      old.is_callback != current.is_callback || old.rounds > current.rounds)
    return false;
  for (unsigned reg = 0; reg < KBPF_REG_FP; reg++, work++)
    if (!value_covers(old.regs[reg], current.regs[reg], ids))
      return false;
  static constexpr StackSlot kUntouched{};
  for (uint32_t slot = 0; slot < old.slot_count; slot++, work++)
    if (!slot_covers(old.slots[slot], slot < current.slot_count ? current.slots[slot] : kUntouched, ids))
      return false;
  return true;
}

// The same references are held, whatever their ids.
bool held_covers(const Held *old, const Held *current, IdMatch &ids) {
  const uint32_t count = old ? old->count : 0;
  if (count != (current ? current->count : 0))
    return false;
  for (uint32_t i = 0; i < count; i++)
    if (old->references[i].frame != current->references[i].frame ||
        !ids.match(old->references[i].id, current->references[i].id))
      return false;
  return true;
}

} // namespace

namespace {

void forget_idle_slots(Frame &frame, uint64_t idle) {
  for (uint32_t i = 0; i < frame.slot_count; i++) {
    StackSlot &slot = frame.slots[i];
    bool is_pointer = slot.bytes[0] == ByteKind::spill && !slot.spilled.is_scalar();
    if (!(idle >> i & 1) || is_pointer)
      continue;
    forget_spill(slot);
    for (ByteKind &kind : slot.bytes)
      if (kind == ByteKind::zero)
        kind = ByteKind::misc;
  }
}

} // namespace

void simplify(State &state, const Cfg &cfg) {
  for (uint32_t f = 0; f < state.frame_count; f++) {
    bool innermost = f + 1 == state.frame_count;
    uint32_t insn = innermost ? state.insn : state.frames[f + 1]->return_to;
    uint16_t live = cfg.live[insn], relevant = cfg.relevance.registers[insn];
    for (unsigned reg = 0; reg < KBPF_REG_FP; reg++) {
      Value &value = state.frames[f]->regs[reg];
      // A helper that calls back may do so again, with the same arguments.
      bool is_clobbered = !innermost && reg <= 5 && !state.frames[f + 1]->is_callback;
      if (!(live >> reg & 1) || is_clobbered)
        value = Value();
      else if (value.is_scalar() && !(relevant >> reg & 1))
        value = Value::unknown();
    }
    forget_idle_slots(*state.frames[f], cfg.relevance.idle_slots[insn]);
  }
  // An id that one value alone has says nothing. Counting by pairs would be slow; a set of those seen twice
  // is not.
  constexpr uint32_t kTracked = 64;
  uint32_t once[kTracked], count = 0;
  bool twice[kTracked] = {};
  for_each_value(state, [&](Value &value) {
    if (!value.is_scalar() || value.id == 0)
      return;
    uint32_t i = static_cast<uint32_t>(std::find(once, once + count, value.id) - once);
    if (i < count)
      twice[i] = true;
    else if (count < kTracked)
      once[count++] = value.id;
  });
  for_each_value(state, [&](Value &value) {
    uint32_t i = static_cast<uint32_t>(std::find(once, once + count, value.id) - once);
    if (value.is_scalar() && i < count && !twice[i]) {
      value.id = 0;
      value.part = {};
    }
  });
}

bool covers(const State &old, const State &current, uint64_t &work) {
  if (old.frame_count != current.frame_count)
    return false;
  IdMatch ids;
  for (uint32_t f = old.frame_count; f-- > 0;)
    if (!frame_covers(*old.frames[f], *current.frames[f], ids, work))
      return false;
  return held_covers(old.held, current.held, ids);
}

} // namespace kbpf
