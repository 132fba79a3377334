// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/verifier/cover.h"
#include "core/verifier/held.h"
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

// Whether it is an address whose number counts.
constexpr bool has_offset(Kind kind) {
  constexpr auto bit = [](Kind each) { return uint32_t{1} << static_cast<unsigned>(each); };
  return (bit(Kind::context) | bit(Kind::stack) | bit(Kind::map_value) | bit(Kind::map_key) |
          bit(Kind::fd_slot) | bit(Kind::btf_object) | bit(Kind::allocated) | bit(Kind::memory) |
          bit(Kind::packet) | bit(Kind::packet_meta)) >>
             static_cast<unsigned>(kind) &
         1;
}

// Distinct::offset. frames: of the state.
uint16_t offset_of(uint32_t frames, uint32_t frame, uint32_t place) {
  return frame + 1 == frames && place < Distinct::kFirstSlot ? static_cast<uint16_t>(place * sizeof(Value))
                                                             : Distinct::kElsewhere;
}

// What the value at this place is known by at first sight.
Distinct distinct_at(uint32_t frames, uint32_t frame, uint32_t place, const PackedValue &value) {
  Distinct distinct{.offset = offset_of(frames, frame, place),
                    .place = static_cast<uint8_t>(place),
                    .frame = static_cast<uint8_t>(frame),
                    .kind = value.kind(),
                    .number = static_cast<uint8_t>(value.number()),
                    .is_in_packet = value.kind() == Kind::packet || value.kind() == Kind::packet_meta,
                    .has_id = value.id() != 0,
                    .range = value.range(),
                    .delta = static_cast<int32_t>(value.delta())};
  if (value.kind() != Kind::scalar && !has_offset(value.kind()))
    return distinct;
  if (value.is_constant()) {
    distinct.min = distinct.max = value.constant();
  } else {
    distinct.min = value.bounds().r64.umin;
    distinct.max = value.bounds().r64.umax;
  }
  return distinct;
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
  case Kind::allocated:
  case Kind::allocated_or_null:
    return old.delta() == current.type_id && old.map() == current.trust &&
           ids_match(old.owner(), current.owner, ids) && ids_match(old.id(), current.id, ids) &&
           number_covers(old, current.number);
  case Kind::dynptr_argument:
    return ids_match(old.id(), current.id, ids);
  case Kind::dynptr:
  case Kind::iterator:
    return old.frame() == current.frame && old.range() == current.range && old.map() == current.object_type &&
           ids_match(old.id(), current.id, ids);
  case Kind::memory:
  case Kind::memory_or_null:
    return old.delta() == current.size && old.has(PackedValue::kIsReadOnly) == current.is_read_only &&
           old.frame() == current.frame && old.range() == current.range && old.map() == current.slice &&
           ids_match(old.owner(), current.owner, ids) && ids_match(old.id(), current.id, ids) &&
           number_covers(old, current.number);
  case Kind::packet:
  case Kind::packet_meta:
    return old.delta() == static_cast<uint32_t>(current.delta) && old.range() <= current.range &&
           old.map() <= static_cast<uint16_t>(current.past_end) && ids_match(old.id(), current.id, ids) &&
           number_covers(old, current.number);
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

bool keeps_address(const StackSlot &slot) {
  return slot.bytes[0] == ByteKind::spill && !slot.spilled.is_scalar();
}

constexpr StackSlot kUntouched{};

constexpr uint64_t kEach = 0x0101010101010101, kSpill = kEach * static_cast<uint64_t>(ByteKind::spill);
// The kinds of a slot's bytes: a bit for each that is another one.
constexpr uint64_t others(uint64_t kinds, ByteKind kind) {
  const uint64_t differing = kinds ^ kEach * static_cast<uint64_t>(kind);
  static_assert(static_cast<unsigned>(ByteKind::object) < 8);
  return (differing | differing >> 1 | differing >> 2) & kEach;
}

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
      (old ? old->preempt_count : 0) != (current ? current->preempt_count : 0) ||
      (old && old->lock.is_held) != (current && current->lock.is_held) || is_work(old) != is_work(current))
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
#pragma clang loop unroll(full)
    for (unsigned reg = 0; reg < KBPF_REG_FP; reg++)
      if (!(live >> reg & 1))
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
    // One that is moved on round by round is at another distance each time from what it was.
    if (now.is_scalar() && was.is_scalar() && !was.is_relied_on &&
        (now.number != was.number || now.delta != was.delta || now.part != was.part)) {
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
      : old_(old), current_(current), state_(current.state()), how_(how), result_(result),
        heads_(old.heads()), rest_(old.rest()) {}

  bool run() {
    for (uint32_t f = old_.frame_count; f-- > 0;)
      if (!frame_covers(old_.frames()[f], *state_.frames[f], how_) || !registers_cover(f))
        return false;
    for (uint32_t f = old_.frame_count; f-- > 0;)
      if (old_.frames()[f].slot_count + state_.frames[f]->slot_count != 0 && !slots_cover(f))
        return false;
    return (!old_.held && !state_.held) || held_covers(old_.held, state_.held, ids_);
  }

private:
  bool registers_cover(uint32_t f) {
    const FrameRecord &record = old_.frames()[f];
    const uint64_t *head = heads_ + record.first_value;
    const Value *now = state_.frames[f]->regs;
    for (uint32_t left = record.live; left; left >>= 1, now++) {
      if (!(left & 1))
        continue;
      if (!packed_covers(*head, *now)) {
        old_.distinct = distinct_at(old_.frame_count, f, static_cast<uint32_t>(now - state_.frames[f]->regs),
                                    PackedValue(rest_, *head));
        return false;
      }
      head++;
    }
    return true;
  }

  [[gnu::always_inline]] bool packed_covers(uint64_t head, const Value &now) {
    const PackedValue was(rest_, head);
    if (was.kind() != now.kind)
      return false;
    if (was.kind() != Kind::scalar) {
      result_.work++;
      return is_same_address(was, head, now) || value_covers(was, false, now, how_, ids_);
    }
    const bool is_relied_on = old_.relied_on >> was.number() & 1;
    if (is_relied_on)
      result_.sources |= now.sources;
    else if (how_ == Coverage::relied_on)
      return true;
    result_.work++;
    if (was.is_constant() && !was.has(PackedValue::kHasLink))
      return now.number.is_constant() && now.number.value() == was.constant();
    return value_covers(was, is_relied_on, now, how_, ids_);
  }

  // Most addresses: a known place in something that there is only one of.
  [[gnu::always_inline]] static bool is_same_address(const PackedValue &was, uint64_t head,
                                                     const Value &now) {
    constexpr uint64_t kFlags = PackedValue::kHasLink | PackedValue::kHasPart | PackedValue::kHasExtent |
                                PackedValue::kMovedDown | PackedValue::kIsInner | PackedValue::kIsReadOnly;
    uint64_t words[3];
    static_assert(offsetof(Value, sources) == sizeof words);
    memcpy(words, static_cast<const void *>(&now), sizeof words);
    return !was.has(kFlags) && was.is_constant() && words[0] == (head & UINT32_MAX) && now.range == 0 &&
           now.delta == 0 && words[2] == 0 && now.number.is_constant() &&
           now.number.value() == was.constant();
  }

  // Only what counts is looked at: where much is kept on the stack, most of it does not.
  bool slots_cover(uint32_t f) {
    const FrameRecord &record = old_.frames()[f];
    const Comparand::Slots &now = current_.slots(f);
    const bool asks_all = how_ != Coverage::relied_on;
    const uint64_t read = asks_all ? ~uint64_t{0} : record.read, kept = record.kept();
    if ((now.objects | (now.addresses & read)) & ~kept) // where the old one holds nothing
      return false;
    // Numbers that may be any, or are zeroes, as they are now: nothing more to compare.
    const uint64_t zeroes = record.zero & (asks_all ? ~uint64_t{0} : record.read_zero),
                   any = (record.misc | record.zero) & now.written & ~now.objects & ~now.addresses,
                   fit = any & (~zeroes | now.zero);
    const auto slot_at = [&, &frame = *state_.frames[f]](uint64_t left) -> const StackSlot & {
      const uint32_t slot = static_cast<uint32_t>(std::countr_zero(left));
      return slot < frame.slot_count ? frame.slots[slot] : kUntouched;
    };
    const auto zeroes_count = [&](uint64_t bit) { return asks_all || record.read_zero & bit; };
    const uint64_t counts = kept & ~fit & (read | now.objects);
    for (uint64_t left = counts & (record.misc | record.zero); left; left &= left - 1) {
      const uint64_t bit = left & (~left + 1);
      const ByteKind kind = record.zero & bit ? ByteKind::zero : ByteKind::misc;
      if (!numbers_cover(kEach * static_cast<uint64_t>(kind), slot_at(left), zeroes_count(bit)))
        return false;
    }
    // Those that count, and such that may keep objects of the kernel.
    uint64_t to_compare = (record.spilled & counts) | (record.mixed & (counts | record.valued));
    if (to_compare == 0)
      return true;
    const uint64_t *head = heads_ + record.first_slot_value, *mixed = old_.mixed() + record.first_mixed;
    for (uint64_t left = record.spilled | record.mixed; to_compare; left &= left - 1) {
      const uint64_t bit = left & (~left + 1), bytes = record.mixed & bit ? *mixed++ : kSpill;
      to_compare &= ~bit;
      const bool is_object = static_cast<ByteKind>(bytes & 0xff) == ByteKind::object;
      if (!((counts & bit) | is_object)) {
        head += (record.valued & bit) != 0;
        continue;
      }
      const StackSlot &slot = slot_at(left);
      if (!(record.valued & bit)) {
        if (!numbers_cover(bytes, slot, zeroes_count(bit)))
          return false;
        continue;
      }
      if (!(is_object ? object_covers(bytes, *head, slot)
                      : spill_covers(bytes, *head, slot, zeroes_count(bit)))) {
        if (!is_object)
          old_.distinct = distinct_at(old_.frame_count, f,
                                      Distinct::kFirstSlot + static_cast<uint32_t>(std::countr_zero(left)),
                                      PackedValue(rest_, *head));
        return false;
      }
      head++;
    }
    return true;
  }

  // A slot that keeps no value. zeroes_count: zeroes have to be that. A byte that was not written is some
  // number too, once the engine clears it.
  bool numbers_cover(uint64_t old, const StackSlot &current, bool zeroes_count) {
    const uint64_t now = current.kinds();
    result_.work++;
    if (keeps_address(current) || others(now, ByteKind::object) != kEach)
      return false;
    return rest_covers(old, now, zeroes_count);
  }

  // Bytes that belong to no value.
  bool rest_covers(uint64_t old, uint64_t now, bool zeroes_count) {
    if (zeroes_count && ~others(old, ByteKind::zero) & others(now, ByteKind::zero))
      return false;
    if (others(old, ByteKind::uninitialised) & ~others(now, ByteKind::uninitialised)) {
      if (!result_.may_read_unwritten)
        return false;
      result_.reads_unwritten = true;
    }
    return true;
  }

  bool object_covers(uint64_t old, uint64_t head, const StackSlot &current) {
    return old == current.kinds() && packed_covers(head, current.spilled);
  }

  bool spill_covers(uint64_t old, uint64_t head, const StackSlot &current, bool zeroes_count) {
    const uint64_t now = current.kinds();
    if (old == kSpill && now == kSpill)
      return packed_covers(head, current.spilled);
    const PackedValue was(rest_, head);
    if (how_ == Coverage::relied_on && was.kind() == Kind::scalar && !(old_.relied_on >> was.number() & 1)) {
      const uint64_t spilled = ~others(old, ByteKind::spill) & kEach; // any number
      return numbers_cover(old ^ spilled * static_cast<uint64_t>(ByteKind::spill) ^
                               spilled * static_cast<uint64_t>(ByteKind::misc),
                           current, zeroes_count);
    }
    // Stored in as many bytes.
    return others(old, ByteKind::spill) == others(now, ByteKind::spill) &&
           rest_covers(old, now, zeroes_count) && packed_covers(head, current.spilled);
  }

  const Snapshot &old_;
  const Comparand &current_;
  const State &state_;
  const Coverage how_;
  CoverResult &result_;
  const uint64_t *const heads_, *const rest_;
  IdMatch ids_;
};

} // namespace

void Comparand::look_at_slots(uint32_t f) const {
  known_slots_.frames |= 1u << f;
  const Frame &frame = *state_.frames[f];
  const SlotKinds &kinds = known_slots_.of[f] = SlotKinds::of(frame);
  uint64_t objects = 0, addresses = 0, written = kinds.spilled | kinds.misc | kinds.zero;
  for (uint64_t left = kinds.valued; left; left &= left - 1) {
    const StackSlot &slot = frame.slots[std::countr_zero(left)];
    const uint64_t bit = left & (~left + 1);
    if (slot.bytes[0] == ByteKind::object)
      objects |= bit;
    else if (!slot.spilled.is_scalar())
      addresses |= bit;
  }
  for (uint64_t left = kinds.mixed; left; left &= left - 1)
    if (frame.slots[std::countr_zero(left)].is_written())
      written |= left & (~left + 1);
  slots_[f] = {objects, addresses, written, kinds.zero};
}

bool differs_elsewhere(const Snapshot &old, const Comparand &current) {
  const Distinct &was = old.distinct;
  if (old.frame_count != current.state().frame_count)
    return true;
  const Frame &frame = *current.state().frames[was.frame];
  if (was.place < Distinct::kFirstSlot)
    return differs_again(old, frame.regs[was.place], current);
  const uint32_t slot = was.place - Distinct::kFirstSlot;
  const bool asks_all = current.how() != Coverage::relied_on || old.depends_on;
  if (slot >= frame.slot_count || !(asks_all || old.frames()[was.frame].read >> slot & 1))
    return false;
  if (frame.slots[slot].bytes[0] == ByteKind::spill)
    return differs_again(old, frame.slots[slot].spilled, current);
  return was.kind != Kind::scalar || asks_all || (old.relied_on >> was.number & 1);
}

void expect_to_differ(Snapshot &checkpoint, const State &state, const Snapshot &other) {
  const uint32_t place = other.distinct.place, f = other.distinct.frame;
  if (place == KBPF_REG_FP || f >= state.frame_count)
    return;
  const Frame &frame = *state.frames[f];
  const Value *value;
  if (place < Distinct::kFirstSlot) {
    value = &frame.regs[place];
    if (value->kind == Kind::uninitialised)
      return;
  } else {
    const uint32_t slot = place - Distinct::kFirstSlot;
    if (slot >= frame.slot_count || frame.slots[slot].bytes[0] != ByteKind::spill)
      return;
    value = &frame.slots[slot].spilled;
  }
  // Its sources are its own number in the checkpoint by now.
  Distinct &distinct = checkpoint.distinct;
  distinct = {.offset = offset_of(state.frame_count, f, place),
              .place = static_cast<uint8_t>(place),
              .frame = static_cast<uint8_t>(f),
              .kind = value->kind,
              .number = static_cast<uint8_t>(value->is_scalar() ? std::countr_zero(value->sources) : 0),
              .is_in_packet = value->is_in_packet(),
              .has_id = value->id != 0,
              .range = value->range,
              .delta = value->delta};
  if (value->is_scalar() || has_offset(value->kind)) {
    distinct.min = value->number.r64.umin;
    distinct.max = value->number.r64.umax;
  }
}

bool covers(const Snapshot &old, const Comparand &current, CoverResult &result) {
  result.reads_unwritten = false;
  result.sources = 0;
  result.work++;
  if (old.frame_count != current.state().frame_count)
    return false;
  const Coverage how =
      old.depends_on && current.how() == Coverage::relied_on ? Coverage::everything : current.how();
  return Comparison(old, current, how, result).run();
}

} // namespace kbpf
