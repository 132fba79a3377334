// SPDX-License-Identifier: MIT OR Apache-2.0
// When need a path not be walked? When a state seen before at the same place contains the new one: whatever
// was found safe from there is safe from here.
#pragma once
#include "core/verifier/cfg.h"
#include "core/verifier/snapshot.h"
#include <cstddef>

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
  uint64_t sources = 0;           // of registers that were relied on behind the old state, where it covers
  bool reads_unwritten = false;   // bytes may be read as numbers that the current state has not written
  bool may_read_unwritten = true; // else such a state is not covered
};

// A state that many old ones are compared with.
class Comparand {
public:
  Comparand(const State &state, Coverage how) : state_(state), regs_(state.frame().regs), how_(how) {}
  const State &state() const { return state_; }
  const Value *regs() const { return regs_; } // of the innermost frame
  Coverage how() const { return how_; }

  struct Slots {
    uint64_t objects, addresses; // those that keep objects of the kernel, and such that keep addresses
    uint64_t written;            // no byte of them is uninitialised
    uint64_t zero;               // as a whole
  };
  // Of a frame.
  const Slots &slots(uint32_t frame) const {
    if (!(known_slots_.frames >> frame & 1)) [[unlikely]]
      look_at_slots(frame);
    return slots_[frame];
  }
  // What those are that somebody has asked for.
  const KnownSlots &known_slots() const { return known_slots_; }

private:
  void look_at_slots(uint32_t frame) const;

  const State &state_;
  const Value *const regs_;
  const Coverage how_;
  mutable Slots slots_[KBPF_MAX_CALL_FRAMES];
  mutable KnownSlots known_slots_;
};

// Whether `old` differs from this state, too, where it differed from the last one, which is no register of
// the innermost frame.
bool differs_elsewhere(const Snapshot &old, const Comparand &current);

// Whether the value there differs.
[[gnu::always_inline]] inline bool differs_again(const Snapshot &old, const Value &now,
                                                 const Comparand &current) {
  const Distinct &was = old.distinct;
  if (now.kind != was.kind)
    return true;
  if (now.number.r64.umin < was.min || now.number.r64.umax > was.max)
    return was.kind != Kind::scalar || (old.relied_on >> was.number & 1) ||
           current.how() != Coverage::relied_on || old.depends_on;
  return was.is_in_packet && (now.delta != was.delta || now.range < was.range || (now.id != 0) != was.has_id);
}

// The same, wherever that is: then there is no need to compare more.
[[gnu::always_inline]] inline bool differs_again(const Snapshot &old, const Comparand &current) {
  const uint32_t offset = old.distinct.offset;
  if (offset == Distinct::kElsewhere)
    return differs_elsewhere(old, current);
  return differs_again(
      old, *reinterpret_cast<const Value *>(reinterpret_cast<const std::byte *>(current.regs()) + offset),
      current);
}
// For a checkpoint that was just made of the state: that it will differ where `other`, of the same place,
// differed.
void expect_to_differ(Snapshot &checkpoint, const State &state, const Snapshot &other);

// Whether the machine states that `current` stands for are safe because those of `old` are: each is one of
// them, but for what does not matter. Both are at the same instruction, simplified.
bool covers(const Snapshot &old, const Comparand &current, CoverResult &result);

} // namespace kbpf
