// SPDX-License-Identifier: MIT OR Apache-2.0
// When need a path not be walked? When a state seen before at the same place contains the new one: whatever
// was found safe from there is safe from here.
#pragma once
#include "core/verifier/cfg.h"
#include "core/verifier/snapshot.h"

namespace kbpf {

// Forgets what nobody will read: dead registers.
void simplify(State &state, const Cfg &cfg);

// Forgets numbers that change from round to round of a loop that the kernel ends, and that nothing has relied
// on so far. old: the round before.
void widen(State &current, const Snapshot &old);

enum class Coverage : uint8_t {
  relied_on,  // numbers that were not relied on, and slots that were not read, may differ: for old states
              // whose paths have ended
  everything, // all numbers lie within the old ones
  same,       // they are the old ones
};

struct CoverResult {
  uint64_t work = 0;              // values compared, added up
  bool reads_unwritten = false;   // bytes may be read as numbers that the current state has not written
  bool may_read_unwritten = true; // else such a state is not covered
};

// A state that many old ones are compared with.
class Comparand {
public:
  Comparand(const State &state, Coverage how) : state_(state), how_(how) {}
  const State &state() const { return state_; }
  Coverage how() const { return how_; }

  // Slots of a frame's stack that keep objects of the kernel, and such that keep addresses.
  struct Slots {
    uint64_t objects, addresses;
  };
  Slots slots(uint32_t frame) const {
    if (frame >= known_) [[unlikely]]
      look_at_slots();
    return slots_[frame];
  }

private:
  void look_at_slots() const;

  const State &state_;
  const Coverage how_;
  mutable uint32_t known_ = 0; // frames
  mutable Slots slots_[KBPF_MAX_CALL_FRAMES];
};

// Whether it is an address whose number counts.
constexpr bool has_offset(Kind kind) {
  constexpr auto bit = [](Kind each) { return uint32_t{1} << static_cast<unsigned>(each); };
  return (bit(Kind::context) | bit(Kind::stack) | bit(Kind::map_value) | bit(Kind::map_key) |
          bit(Kind::fd_slot) | bit(Kind::btf_object) | bit(Kind::memory) | bit(Kind::packet) |
          bit(Kind::packet_meta)) >>
             static_cast<unsigned>(kind) &
         1;
}

// Whether a packed value can't cover the current one, as can be seen at once. is_asked: numbers count.
[[gnu::always_inline]] inline bool is_distinct(const PackedValue &was, const Value &now, bool is_asked) {
  using Form = PackedValue::NumberForm;
  if (was.kind() != now.kind)
    return true;
  if (was.kind() == Kind::scalar) {
    if (!is_asked)
      return false;
  } else if (now.is_in_packet() &&
             (was.has(PackedValue::kHasLink | PackedValue::kHasExtent) || now.id != 0)) {
    if ((was.id() == 0) != (now.id == 0) || was.delta() != static_cast<uint32_t>(now.delta) ||
        was.range() > now.range)
      return true;
  } else if (!has_offset(now.kind)) {
    return false;
  }
  switch (was.form()) {
  case Form::unknown:
    return false;
  case Form::zero:
  case Form::constant:
    return !now.number.is_constant() || now.number.value() != was.constant();
  default:
    return !is_subset(now.number.r64, was.bounds().r64);
  }
}

// Whether `old` differs from this state, too, where it differed from the last one: no need to compare more.
[[gnu::always_inline]] inline bool differs_again(const Snapshot &old, const Comparand &current) {
  const uint32_t place = old.distinct_place, f = old.distinct_frame;
  if (place == Snapshot::kNowhere || old.frame_count != current.state().frame_count)
    return false;
  const PackedValue was(old, old.distinct_value);
  const bool asks_all = current.how() != Coverage::relied_on || old.depends_on;
  const bool is_asked = asks_all || (old.relied_on >> was.number() & 1);
  const Frame &frame = *current.state().frames[f];
  if (place < Snapshot::kFirstSlot)
    return is_distinct(was, frame.regs[place], is_asked);
  const uint32_t slot = place - Snapshot::kFirstSlot;
  if (slot >= frame.slot_count || (!asks_all && !(old.frames()[f].read >> slot & 1)))
    return false;
  const StackSlot &now = frame.slots[slot];
  if (!now.is_whole(ByteKind::spill))
    return now.bytes[0] != ByteKind::spill && (is_asked || was.kind() != Kind::scalar);
  return is_distinct(was, now.spilled, is_asked);
}
// For a checkpoint that was just made of the state: that it will differ where `other`, of the same place,
// differed.
void expect_to_differ(Snapshot &checkpoint, const Snapshot &other);

// Whether the machine states that `current` stands for are safe because those of `old` are: each is one of
// them, but for what does not matter. Both are at the same instruction, simplified.
bool covers(const Snapshot &old, const Comparand &current, CoverResult &result);

} // namespace kbpf
