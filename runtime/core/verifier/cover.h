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
  bool reads_unwritten = false;   // bytes may be read as numbers that the current state has not written
  bool may_read_unwritten = true; // else such a state is not covered
};

// Whether a packed value can't cover the current one, as can be seen where it lies. is_number_asked: numbers
// count.
[[gnu::always_inline]] inline bool is_distinct(const uint64_t *at, const Value &now, bool is_number_asked) {
  using Form = PackedValue::NumberForm;
  const PackedValue was(at);
  if (was.kind() != now.kind)
    return true;
  if (was.kind() != Kind::scalar || !is_number_asked)
    return false;
  switch (was.form()) {
  case Form::zero:
  case Form::constant:
    return !now.number.is_constant() || (was.is_plain_constant() && now.number.value() != was.constant());
  case Form::bounds: {
    Range64 bounds;
    __builtin_memcpy(&bounds, reinterpret_cast<const std::byte *>(was.bounds()) + offsetof(Scalar, r64),
                     sizeof bounds);
    return !is_subset(now.number.r64, bounds);
  }
  default:
    return false;
  }
}

// A state that many old ones are compared with.
struct Comparand {
  Comparand(const State &state, Coverage how)
      : regs(state.frame().regs), asks_all(how != Coverage::relied_on) {}
  const Value *regs;
  bool asks_all;
};

// Whether `old` differs from this state, too, in the register that it differed in from the last one: no need
// to compare more. A number whose bounds are not within the old ones is not covered where numbers count,
// whatever else is known.
[[gnu::always_inline]] inline bool differs_again(const Snapshot &old, const Comparand &current) {
  const Value &now = current.regs[old.distinct_reg];
  if (now.kind != old.distinct_kind)
    return true;
  if (now.number.r64.umin >= old.distinct_min && now.number.r64.umax <= old.distinct_max)
    return false;
  return current.asks_all || (old.relied_on >> old.distinct_number & 1) || old.depends_on;
}
// For a checkpoint that was just made of the state: that it will differ in the register that `other`, of the
// same place, differed in.
void expect_to_differ(Snapshot &checkpoint, const State &state, const Snapshot &other);

// Whether the machine states that `current` stands for are safe because those of `old` are: each is one of
// them, but for what does not matter. Both are at the same instruction, simplified.
bool covers(const Snapshot &old, const State &current, Coverage how, CoverResult &result);

} // namespace kbpf
