// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/verifier/cover.h"
#include "core/verifier/held.h"
#include <algorithm>
#include <cstddef>
#include <cstring>

namespace kbpf {
namespace {

// Ids mean something only within a state: those of two states correspond if one renaming fits everywhere; one
// to one for pointers. Numbers may be linked more closely in the current state than in the old one.
class IdMatch {
public:
  bool match_link(uint32_t old_id, uint32_t current_id) {
    if (current_id == 0)
      current_id = --alone_;
    for (uint32_t i = 0; i < link_count_; i++)
      if (links_[i].old_id == old_id)
        return links_[i].current_id == current_id;
    if (link_count_ == kCapacity)
      return false;
    links_[link_count_++] = {old_id, current_id};
    return true;
  }
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
  Pair pairs_[kCapacity], links_[kCapacity];
  uint32_t count_ = 0, link_count_ = 0;
  uint32_t alone_ = UINT32_MAX; // ids for numbers that are linked to none
};

// 0 is no id.
bool ids_match(uint32_t old_id, uint32_t current_id, IdMatch &ids) {
  return (old_id == 0) == (current_id == 0) && (old_id == 0 || ids.match(old_id, current_id));
}

bool value_covers(const Value &old, const Value &current, Coverage how, IdMatch &ids) {
  if (old.kind != current.kind || current.moved_down > old.moved_down)
    return false;
  if (how == Coverage::same && old.number != current.number)
    return false;
  switch (old.kind) {
  case Kind::uninitialised:
    return true;
  case Kind::scalar:
    if (how == Coverage::relied_on && !old.is_relied_on)
      return true;
    if (how == Coverage::same ? current.number != old.number : !is_subset(current.number, old.number))
      return false;
    // An id in old means that the walk from there may have used that two values are parts of one.
    return old.id == 0 ||
           ((current.id == 0 || old.part == current.part) &&
            (current.id == 0 || old.delta == current.delta) && ids.match_link(old.id, current.id));
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
    return old.map == current.map && old.is_inner == current.is_inner && ids_match(old.id, current.id, ids) &&
           is_subset(current.number, old.number);
  case Kind::object:
  case Kind::object_or_null:
    return old.object_class == current.object_class && ids_match(old.owner, current.owner, ids) &&
           ids_match(old.id, current.id, ids);
  case Kind::btf_object:
  case Kind::btf_object_or_null:
    return old.type_id == current.type_id && old.trust == current.trust &&
           ids_match(old.owner, current.owner, ids) && ids_match(old.id, current.id, ids) &&
           is_subset(current.number, old.number);
  case Kind::dynptr_argument:
    return ids_match(old.id, current.id, ids);
  case Kind::dynptr:
  case Kind::iterator:
    return old.frame == current.frame && old.range == current.range && ids_match(old.id, current.id, ids);
  case Kind::memory:
  case Kind::memory_or_null:
    return old.size == current.size && old.is_read_only == current.is_read_only &&
           ids_match(old.owner, current.owner, ids) && ids_match(old.id, current.id, ids) &&
           is_subset(current.number, old.number);
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

// A byte that was not written is some number too, once the engine clears it.
bool byte_covers(ByteKind old, ByteKind current) {
  switch (old) {
  case ByteKind::uninitialised:
  case ByteKind::misc:
    return current != ByteKind::object;
  case ByteKind::zero:
    return current == ByteKind::zero;
  case ByteKind::spill:
  case ByteKind::object:
    return current == old; // the values are compared as well
  }
  return false;
}

bool keeps_address(const StackSlot &slot) {
  return slot.bytes[0] == ByteKind::spill && !slot.spilled.is_scalar();
}

bool slot_covers(const StackSlot &old, const StackSlot &current, Coverage how, IdMatch &ids) {
  const bool old_spills = old.bytes[0] == ByteKind::spill;
  const bool old_keeps_address = old_spills && !old.spilled.is_scalar();
  if (keeps_address(current) != old_keeps_address)
    return false;
  const bool any_number =
      old_spills && !old_keeps_address && how == Coverage::relied_on && !old.spilled.is_relied_on;
  for (unsigned i = 0; i < 8; i++)
    if (!byte_covers(any_number && old.bytes[i] == ByteKind::spill ? ByteKind::misc : old.bytes[i],
                     current.bytes[i]))
      return false;
  if (old.bytes[0] == ByteKind::object)
    return value_covers(old.spilled, current.spilled, how, ids);
  if (!old_spills || any_number)
    return true;
  for (unsigned i = 0; i < 8; i++) // stored in as many bytes
    if ((old.bytes[i] == ByteKind::spill) != (current.bytes[i] == ByteKind::spill))
      return false;
  return value_covers(old.spilled, current.spilled, how, ids);
}

bool reads_unwritten(const StackSlot &old, const StackSlot &current) {
  if (current.is_written())
    return false;
  for (unsigned i = 0; i < 8; i++)
    if (old.bytes[i] != ByteKind::uninitialised && current.bytes[i] == ByteKind::uninitialised)
      return true;
  return false;
}

constexpr StackSlot kUntouched{};

bool frame_covers(const FrameRecord &old, const Frame &current, Coverage how) {
  if (old.first_insn != current.first_insn || old.return_to != current.return_to ||
      old.is_callback != current.is_callback || old.rounds > current.rounds)
    return false;
  const uint64_t kept = old.spilled | old.misc | old.zero | old.mixed;
  const uint64_t there = current.slot_count < 64 ? (uint64_t{1} << current.slot_count) - 1 : ~uint64_t{0};
  for (uint64_t left = there & ~kept; left; left &= left - 1) { // where the old one holds nothing
    const StackSlot &slot = current.slots[std::countr_zero(left)];
    const bool is_read = how != Coverage::relied_on || (old.read & left & (~left + 1));
    if (slot.bytes[0] == ByteKind::object || (is_read && keeps_address(slot)))
      return false;
  }
  if (how != Coverage::same)
    return true;
  for (unsigned reg = 0; reg < KBPF_REG_FP; reg++)
    if ((current.regs[reg].kind != Kind::uninitialised) != (old.live >> reg & 1))
      return false;
  return true;
}

// The same references are held, whatever their ids.
bool held_covers(const Held *old, const Held *current, IdMatch &ids) {
  const uint32_t count = old ? old->count : 0;
  if (count != (current ? current->count : 0) || (old && old->rcu) != (current && current->rcu) ||
      (old && old->lock.is_held) != (current && current->lock.is_held))
    return false;
  if (old && old->lock.is_held &&
      (old->lock.map != current->lock.map || old->lock.is_inner != current->lock.is_inner ||
       !ids_match(old->lock.id, current->lock.id, ids)))
    return false;
  for (uint32_t i = 0; i < count; i++)
    if (old->references[i].frame != current->references[i].frame ||
        old->references[i].kind != current->references[i].kind ||
        !ids.match(old->references[i].id, current->references[i].id))
      return false;
  return true;
}

} // namespace

void simplify(State &state, const Cfg &cfg) {
  const auto forget = [](Frame &frame, uint32_t live) {
    for (unsigned reg = 0; reg < KBPF_REG_FP; reg++, live >>= 1)
      if (!(live & 1))
        frame.regs[reg].kind = Kind::uninitialised;
  };
  // Where a function begins, its callers' registers are looked at; nothing that it does gives them new ones.
  const bool begins = state.insn == state.frame().first_insn;
  for (uint32_t f = 0; f + 1 < state.frame_count; f++) {
    state.frames[f]->forget_last_constant();
    const Frame &above = *state.frames[f + 1];
    constexpr uint32_t kClobbered =
        0x3f; // not of a callback, which may be called again, with the same arguments
    if (begins)
      forget(*state.frames[f], cfg.live[above.return_to] & (above.is_callback ? ~uint32_t{0} : ~kClobbered));
  }
  state.frame().forget_last_constant();
  forget(state.frame(), cfg.live[state.insn]);
}

void widen(State &current, const Snapshot &old) {
  const auto widen_value = [](Value &now, const Value &was) {
    if (now.is_scalar() && was.is_scalar() && !was.is_relied_on && now.number != was.number) {
      const uint64_t sources = now.sources;
      now = Value::unknown();
      now.sources = sources;
    }
    return true;
  };
  visit(
      old, [&](uint32_t f, const FrameRecord &) { return f < current.frame_count; },
      [&](uint32_t f, uint32_t reg, const Value &was) {
        return widen_value(current.frames[f]->regs[reg], was);
      },
      [&](uint32_t f, uint32_t slot, const StackSlot &was) {
        Frame &frame = *current.frames[f];
        if (slot >= frame.slot_count)
          return true;
        StackSlot &now = frame.slots[slot];
        const unsigned stored = spilled_bytes(now);
        if (stored != 0 && stored == spilled_bytes(was) && widen_value(now.spilled, was.spilled) &&
            now.spilled.is_scalar() && stored < 8)
          now.spilled.number = zero_extend(now.spilled.number, stored * 8);
        return true;
      });
}

namespace {

// A packed number that is not distinct at first sight.
bool number_covers(const uint64_t *at, const Value &now, bool is_relied_on, Coverage how, IdMatch &ids) {
  if (PackedValue(at).is_plain_constant())
    return true;
  Value value;
  unpack_value(at, value);
  value.is_relied_on = is_relied_on;
  return value_covers(value, now, how, ids);
}

// One comparison of a snapshot with a state: reads the packed values one after the other.
class Comparison {
public:
  Comparison(const Snapshot &old, const State &current, Coverage how, CoverResult &result)
      : old_(old), current_(current), how_(how), result_(result), at_(old.values()) {}

  bool run() {
    for (uint32_t f = old_.frame_count; f-- > 0;) {
      const FrameRecord &record = old_.frames()[f];
      const Frame &frame = *current_.frames[f];
      if (!frame_covers(record, frame, how_) || !registers_cover(record, frame) ||
          !slots_cover(record, frame))
        return false;
    }
    return held_covers(old_.held, current_.held, ids_);
  }

private:
  bool registers_cover(const FrameRecord &record, const Frame &frame) {
    for (uint32_t left = record.live; left; left &= left - 1) {
      const uint32_t reg = static_cast<uint32_t>(std::countr_zero(left));
      const PackedValue was(at_);
      if (next_covers(frame.regs[reg]))
        continue;
      if (&record == &old_.frames()[old_.frame_count - 1])
        note_distinct(reg, was);
      return false;
    }
    return true;
  }

  // The next of the packed values, and passes it.
  bool next_covers(const Value &now) {
    const uint64_t *at = at_;
    const PackedValue was(at);
    const bool is_number = was.kind() == Kind::scalar;
    const bool is_relied_on = is_number && takes_number();
    const bool is_asked = how_ != Coverage::relied_on || is_relied_on;
    at_ += was.words();
    if (is_number && !is_asked && now.kind == Kind::scalar)
      return true;
    result_.work++;
    return !is_distinct(at, now, is_asked) && value_covers_packed(at, now, is_number, is_relied_on);
  }

  // See Snapshot::distinct_reg; it was just passed.
  void note_distinct(uint32_t reg, const PackedValue &was) {
    old_.distinct_reg = static_cast<uint8_t>(reg);
    old_.distinct_kind = was.kind();
    old_.distinct_min = 0;
    old_.distinct_max = ~uint64_t{0};
    if (was.kind() != Kind::scalar)
      return;
    old_.distinct_number = static_cast<uint8_t>(number_ - 1); // of the innermost frame's, which come first
    was.unsigned_bounds(old_.distinct_min, old_.distinct_max);
  }

  bool value_covers_packed(const uint64_t *at, const Value &now, bool is_number, bool is_relied_on) {
    if (is_number)
      return number_covers(at, now, is_relied_on, how_, ids_);
    Value value;
    unpack_value(at, value);
    return value_covers(value, now, how_, ids_);
  }

  bool slots_cover(const FrameRecord &record, const Frame &frame) {
    for (uint64_t left = record.spilled | record.misc | record.zero | record.mixed; left; left &= left - 1) {
      const uint32_t slot = static_cast<uint32_t>(std::countr_zero(left));
      const uint64_t bytes = record.bytes_of(slot, at_);
      const ByteKind lowest = static_cast<ByteKind>(bytes & 0xff);
      const bool keeps_value = lowest >= ByteKind::spill;
      const StackSlot &now = slot < frame.slot_count ? frame.slots[slot] : kUntouched;
      const bool counts = how_ != Coverage::relied_on || record.read >> slot & 1 ||
                          lowest == ByteKind::object || now.bytes[0] == ByteKind::object;
      if (!counts) {
        result_.work++;
        if (keeps_value)
          pass_over();
        continue;
      }
      constexpr uint64_t kSpilled = 0x0101010101010101 * static_cast<uint64_t>(ByteKind::spill);
      if (bytes == kSpilled && now.kinds() == kSpilled) { // most often
        if (!next_covers(now.spilled))
          return false;
        continue;
      }
      result_.work++;
      StackSlot was;
      memcpy(was.bytes, &bytes, sizeof was.bytes);
      if (how_ == Coverage::relied_on && !(record.read_zero >> slot & 1)) // no matter which numbers they are
        std::replace(std::begin(was.bytes), std::end(was.bytes), ByteKind::zero, ByteKind::misc);
      if (keeps_value) {
        const bool is_relied_on = PackedValue(at_).kind() == Kind::scalar && takes_number();
        unpack_value(at_, was.spilled);
        was.spilled.is_relied_on = is_relied_on;
      }
      if (reads_unwritten(was, now)) {
        if (!result_.may_read_unwritten)
          return false;
        result_.reads_unwritten = true;
      }
      if (!slot_covers(was, now, how_, ids_))
        return false;
    }
    return true;
  }

  bool takes_number() { return old_.relied_on & source_bit(number_++); }
  void pass_over() {
    const PackedValue value(at_);
    number_ += value.kind() == Kind::scalar;
    at_ += value.words();
  }

  const Snapshot &old_;
  const State &current_;
  const Coverage how_;
  CoverResult &result_;
  const uint64_t *at_;
  uint32_t number_ = 0; // of numbers passed
  IdMatch ids_;
};

} // namespace

void expect_to_differ(Snapshot &checkpoint, const State &state, const Snapshot &other) {
  const Value *regs = state.frame().regs;
  const Value &value = regs[other.distinct_reg];
  if (other.distinct_reg == KBPF_REG_FP || value.kind == Kind::uninitialised)
    return;
  checkpoint.distinct_reg = other.distinct_reg;
  checkpoint.distinct_kind = value.kind;
  if (!value.is_scalar())
    return;
  for (unsigned reg = 0; reg < other.distinct_reg; reg++)
    checkpoint.distinct_number += regs[reg].is_scalar();
  checkpoint.distinct_min = value.number.r64.umin;
  checkpoint.distinct_max = value.number.r64.umax;
}

bool covers(const Snapshot &old, const State &current, Coverage how, CoverResult &result) {
  result.reads_unwritten = false;
  result.work++;
  if (old.frame_count != current.frame_count)
    return false;
  if (old.depends_on && how == Coverage::relied_on)
    how = Coverage::everything;
  return Comparison(old, current, how, result).run();
}

} // namespace kbpf
