// SPDX-License-Identifier: MIT OR Apache-2.0
// The branches that wait to be walked, last in, first out. A walk mostly comes back soon to what it put off:
// the first few are kept as they are, which is the cheapest way to come back; where many wait, they are
// packed.
#pragma once
#include "core/verifier/skips.h"
#include "core/verifier/snapshot.h"

namespace kbpf {

class Branches {
public:
  Branches(Arena &arena, StatePool &states, SnapshotPool &snapshots)
      : arena_(arena), states_(states), snapshots_(snapshots) {}

  struct How {
    bool takes_jump;          // the conditional jump at State::insn is taken
    uint32_t decisions;       // made on the path before it
    bool is_narrowed = false; // Transformer::set_taken() was told to it
  };
  // A copy of the state waits. False: no memory.
  [[nodiscard]] bool push(const State &state, How how);
  // The state itself does; it is the callee's from now on.
  [[nodiscard]] bool push(State *state, How how);
  // The jump's side of a skip waits: its registers are taken from the state. Null: no memory.
  [[nodiscard]] Skip *push_skip(const State &state, uint32_t registers, How how);
  // The newest branch, if that is a skip whose other side has not come to where they meet; else null.
  Skip *open_skip() const {
    return first_ && first_->skip && !first_->skip->meeting ? first_->skip : nullptr;
  }
  // It becomes a state that waits as others do; the state is the callee's from now on.
  [[nodiscard]] bool replace_open_skip(State *state);
  // The newest branch, if that is a skip; else null.
  const Skip *newest_skip() const { return first_->skip; }
  // What push() has just been given, to be narrowed. Null: it is packed.
  State *narrow_newest() {
    first_->how.is_narrowed = first_->state != nullptr;
    return first_->state;
  }
  // `current` becomes the branch that has waited for the shortest time; there is one, no skip. False: no
  // memory.
  [[nodiscard]] bool pop(State *&current, How &how);
  void drop(); // the newest
  How newest() const { return first_->how; }

  uint32_t count() const { return count_; }
  bool is_empty() const { return count_ == 0; }

private:
  struct Branch {
    Branch *next;
    State *state;     // null: packed, or a skip
    Snapshot *packed; // null: not
    Skip *skip;       // null: it is none
    How how;
  };
  // As much memory as whole states may take at a time.
  static constexpr uint32_t kMostWhole = 256;
  static constexpr size_t kMostBytes = size_t{2} << 20;
  static size_t bytes(const State &state);
  bool has_room(const State &state) const {
    return whole_ < kMostWhole && whole_bytes_ + bytes(state) <= kMostBytes;
  }
  Branch *make(How how);
  [[nodiscard]] bool keep(Branch *branch, State *state); // the state is the callee's
  void keep_whole(Branch *branch, State *state);
  [[nodiscard]] bool keep_packed(Branch *branch, const State &state);
  Branch *take();
  void release(Skip *skip);

  Arena &arena_;
  StatePool &states_;
  SnapshotPool &snapshots_;
  Branch *first_ = nullptr, *free_ = nullptr;
  Skip *free_skips_ = nullptr;
  uint32_t count_ = 0, whole_ = 0;
  size_t whole_bytes_ = 0;
};

} // namespace kbpf
