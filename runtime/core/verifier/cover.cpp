// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/verifier/cover.h"
#include "core/verifier/held.h"
#include <algorithm>
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

bool number_covers(const PackedValue &old, const Scalar &now) {
  if (old.is_constant())
    return now.is_constant() && now.value() == old.constant();
  return old.form() == PackedValue::NumberForm::unknown || is_subset(now, old.bounds());
}

bool is_same_number(const PackedValue &old, const Scalar &now) {
  return old.is_constant() ? now.is_constant() && now.value() == old.constant() : now == old.bounds();
}

bool address_covers(const PackedValue &old, const Value &current, IdMatch &ids) {
  const bool is_same_map = old.map() == current.map && old.has(PackedValue::kIsInner) == current.is_inner;
  switch (old.kind()) {
  case Kind::uninitialised:
  case Kind::scalar: // not here
    return false;
  case Kind::stack:
    return old.frame() == current.frame && number_covers(old, current.number);
  case Kind::context:
    return number_covers(old, current.number);
  case Kind::map:
    return is_same_map;
  case Kind::function:
    return old.map() == current.function;
  case Kind::map_key:
  case Kind::map_value:
  case Kind::fd_slot:
    return is_same_map && ids_match(old.id(), current.id, ids) && number_covers(old, current.number);
  case Kind::object:
  case Kind::object_or_null:
    return old.map() == static_cast<uint16_t>(current.object_class) &&
           ids_match(old.owner(), current.owner, ids) && ids_match(old.id(), current.id, ids);
  case Kind::btf_object:
  case Kind::btf_object_or_null:
    return old.delta() == current.type_id && old.map() == current.trust &&
           ids_match(old.owner(), current.owner, ids) && ids_match(old.id(), current.id, ids) &&
           number_covers(old, current.number);
  case Kind::dynptr_argument:
    return ids_match(old.id(), current.id, ids);
  case Kind::dynptr:
  case Kind::iterator:
    return old.frame() == current.frame && old.range() == current.range &&
           ids_match(old.id(), current.id, ids);
  case Kind::memory:
  case Kind::memory_or_null:
    return old.delta() == current.size && old.has(PackedValue::kIsReadOnly) == current.is_read_only &&
           ids_match(old.owner(), current.owner, ids) && ids_match(old.id(), current.id, ids) &&
           number_covers(old, current.number);
  case Kind::packet:
  case Kind::packet_meta:
    return old.delta() == static_cast<uint32_t>(current.delta) && old.range() <= current.range &&
           ids_match(old.id(), current.id, ids) && number_covers(old, current.number);
  case Kind::packet_end:
    return true;
  case Kind::map_value_or_null:
  case Kind::map_or_null:
    return is_same_map && ids.match(old.id(), current.id);
  }
  return false;
}

// is_relied_on: old is a number that was.
bool value_covers(const PackedValue &old, bool is_relied_on, const Value &current, Coverage how,
                  IdMatch &ids) {
  if (old.kind() != current.kind || current.moved_down > old.has(PackedValue::kMovedDown))
    return false;
  if (old.kind() != Kind::scalar)
    return (how != Coverage::same || is_same_number(old, current.number)) &&
           address_covers(old, current, ids);
  if (how == Coverage::relied_on && !is_relied_on)
    return true;
  if (!(how == Coverage::same ? is_same_number(old, current.number) : number_covers(old, current.number)))
    return false;
  // An id in old means that the walk from there may have used that two values are parts of one.
  const uint32_t id = old.id();
  return id == 0 || ((current.id == 0 ||
                      (old.part() == current.part && old.delta() == static_cast<uint32_t>(current.delta))) &&
                     ids.match_link(id, current.id));
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

// The kinds of a slot's bytes; value: what it keeps, if it keeps one.
struct PackedSlot {
  ByteKind bytes[8];
  PackedValue value;
  bool is_relied_on;
};

bool slot_covers(const PackedSlot &old, const StackSlot &current, Coverage how, IdMatch &ids) {
  const bool old_spills = old.bytes[0] == ByteKind::spill;
  const bool old_keeps_address = old_spills && old.value.kind() != Kind::scalar;
  if (keeps_address(current) != old_keeps_address)
    return false;
  const bool any_number = old_spills && !old_keeps_address && how == Coverage::relied_on && !old.is_relied_on;
  for (unsigned i = 0; i < 8; i++)
    if (!byte_covers(any_number && old.bytes[i] == ByteKind::spill ? ByteKind::misc : old.bytes[i],
                     current.bytes[i]))
      return false;
  if (old.bytes[0] == ByteKind::object)
    return value_covers(old.value, old.is_relied_on, current.spilled, how, ids);
  if (!old_spills || any_number)
    return true;
  for (unsigned i = 0; i < 8; i++) // stored in as many bytes
    if ((old.bytes[i] == ByteKind::spill) != (current.bytes[i] == ByteKind::spill))
      return false;
  return value_covers(old.value, old.is_relied_on, current.spilled, how, ids);
}

bool reads_unwritten(const PackedSlot &old, const StackSlot &current) {
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

// One comparison of a snapshot with a state.
class Comparison {
public:
  Comparison(const Snapshot &old, const Comparand &current, Coverage how, CoverResult &result)
      : old_(old), current_(current), state_(current.state()), how_(how), result_(result), rest_(old.rest()) {
  }

  bool run() {
    for (uint32_t f = old_.frame_count; f-- > 0;)
      if (!frame_covers(old_.frames()[f], *state_.frames[f], how_) || !registers_cover(f))
        return false;
    for (uint32_t f = old_.frame_count; f-- > 0;)
      if (!slots_cover(f))
        return false;
    return held_covers(old_.held, state_.held, ids_);
  }

private:
  bool registers_cover(uint32_t f) {
    const FrameRecord &record = old_.frames()[f];
    const uint64_t *head = old_.heads() + record.first_value;
    const Value *now = state_.frames[f]->regs;
    for (uint32_t left = record.live; left; left >>= 1, now++) {
      if (!(left & 1))
        continue;
      if (!packed_covers(*head, *now)) {
        note_distinct(f, static_cast<uint32_t>(now - state_.frames[f]->regs),
                      static_cast<uint32_t>(head - old_.heads()));
        return false;
      }
      head++;
    }
    return true;
  }

  [[gnu::always_inline]] bool packed_covers(uint64_t head, const Value &now) {
    const PackedValue was(rest_, head);
    const bool is_relied_on = was.kind() == Kind::scalar && old_.relied_on >> was.number() & 1;
    const bool is_asked = how_ != Coverage::relied_on || is_relied_on;
    if (was.kind() == Kind::scalar && !is_asked)
      return now.kind == Kind::scalar;
    result_.work++;
    return !is_distinct(was, now, is_asked) && value_covers(was, is_relied_on, now, how_, ids_);
  }

  void note_distinct(uint32_t f, uint32_t place, uint32_t value) {
    old_.distinct_frame = static_cast<uint8_t>(f);
    old_.distinct_place = static_cast<uint8_t>(place);
    old_.distinct_value = static_cast<uint16_t>(value);
  }

  // Only what counts is looked at: where much is kept on the stack, most of it does not.
  bool slots_cover(uint32_t f) {
    const FrameRecord &record = old_.frames()[f];
    const Comparand::Slots now = current_.slots(f);
    const bool asks_all = how_ != Coverage::relied_on;
    const uint64_t read = asks_all ? ~uint64_t{0} : record.read, kept = record.kept();
    if ((now.objects | (now.addresses & read)) & ~kept) // where the old one holds nothing
      return false;
    // Objects are kept in slots that are not of one of the usual kinds.
    for (uint64_t left = kept & (read | now.objects | (record.mixed & record.valued)); left; left &= left - 1)
      if (!slot_covers_packed(f, record, static_cast<uint32_t>(std::countr_zero(left)), read))
        return false;
    return true;
  }

  bool slot_covers_packed(uint32_t f, const FrameRecord &record, uint32_t slot, uint64_t read) {
    const Frame &frame = *state_.frames[f];
    const StackSlot &now = slot < frame.slot_count ? frame.slots[slot] : kUntouched;
    const uint64_t bit = uint64_t{1} << slot, bytes = old_.bytes_of(record, slot);
    result_.work++;
    if (!(record.valued & bit) && bytes == now.kinds())
      return true;
    const uint32_t value = record.valued & bit ? record.value_of_slot(slot) : 0;
    if (record.spilled & bit) {
      const bool is_covered = now.is_whole(ByteKind::spill)
                                  ? packed_covers(old_.heads()[value], now.spilled)
                                  : mixed_slot_covers(record, slot, bytes, value, read, now);
      if (!is_covered)
        note_distinct(f, Snapshot::kFirstSlot + slot, value);
      return is_covered;
    }
    return mixed_slot_covers(record, slot, bytes, value, read, now);
  }

  // value: its place among heads(), if the slot keeps one.
  bool mixed_slot_covers(const FrameRecord &record, uint32_t slot, uint64_t bytes, uint32_t value,
                         uint64_t read, const StackSlot &now) {
    const ByteKind lowest = static_cast<ByteKind>(bytes & 0xff);
    if (!(read >> slot & 1) && lowest != ByteKind::object && now.bytes[0] != ByteKind::object)
      return true;
    PackedSlot was{{}, PackedValue(rest_, lowest >= ByteKind::spill ? old_.heads()[value] : 0), false};
    memcpy(was.bytes, &bytes, sizeof was.bytes);
    was.is_relied_on = was.value.kind() == Kind::scalar && old_.relied_on >> was.value.number() & 1;
    if (how_ == Coverage::relied_on && !(record.read_zero >> slot & 1)) // no matter which numbers they are
      std::replace(std::begin(was.bytes), std::end(was.bytes), ByteKind::zero, ByteKind::misc);
    if (reads_unwritten(was, now)) {
      if (!result_.may_read_unwritten)
        return false;
      result_.reads_unwritten = true;
    }
    return slot_covers(was, now, how_, ids_);
  }

  const Snapshot &old_;
  const Comparand &current_;
  const State &state_;
  const Coverage how_;
  CoverResult &result_;
  const uint64_t *const rest_;
  IdMatch ids_;
};

} // namespace

void Comparand::look_at_slots() const {
  for (known_ = 0; known_ < state_.frame_count; known_++) {
    const Frame &frame = *state_.frames[known_];
    Slots slots{};
    uint64_t bit = 1;
    for (const StackSlot *slot = frame.slots, *end = slot + frame.slot_count; slot != end;
         slot++, bit <<= 1) {
      if (slot->bytes[0] < ByteKind::spill)
        continue;
      if (slot->bytes[0] == ByteKind::object)
        slots.objects |= bit;
      else if (!slot->spilled.is_scalar())
        slots.addresses |= bit;
    }
    slots_[known_] = slots;
  }
}

void expect_to_differ(Snapshot &checkpoint, const Snapshot &other) {
  const uint32_t place = other.distinct_place, f = other.distinct_frame;
  if (place == Snapshot::kNowhere || f >= checkpoint.frame_count)
    return;
  const FrameRecord &frame = checkpoint.frames()[f];
  const bool is_register = place < Snapshot::kFirstSlot;
  const uint32_t slot = place - Snapshot::kFirstSlot;
  if (!(is_register ? frame.live >> place & 1 : frame.spilled >> slot & 1))
    return;
  checkpoint.distinct_frame = other.distinct_frame;
  checkpoint.distinct_place = other.distinct_place;
  checkpoint.distinct_value =
      static_cast<uint16_t>(is_register ? frame.value_of_register(place) : frame.value_of_slot(slot));
}

bool covers(const Snapshot &old, const Comparand &current, CoverResult &result) {
  result.reads_unwritten = false;
  result.work++;
  if (old.frame_count != current.state().frame_count)
    return false;
  const Coverage how =
      old.depends_on && current.how() == Coverage::relied_on ? Coverage::everything : current.how();
  return Comparison(old, current, how, result).run();
}

} // namespace kbpf
