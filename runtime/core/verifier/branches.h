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
  // The jump's side of a skip waits. False: no memory.
  [[nodiscard]] bool push(const Skip &skip, How how) {
    Branch *branch = make(how);
    if (!branch)
      return false;
    branch->skip = skip;
    snapshots_.note_kept(0);
    return true;
  }
  // The newest branch, if that is a skip whose other side has not come to where they meet; else null.
  Skip *open_skip() const { return first_ && first_->skip.is_open ? &first_->skip : nullptr; }
  // The newest branch, if that is a skip; else null.
  const Skip *newest_skip() const { return first_->skip.source ? &first_->skip : nullptr; }
  // Calls visit(const Skip &) for the newest branches, one after the other, as long as they are skips.
  template <typename Visitor> void for_each_newest_skip(Visitor visit) const {
    for (const Branch *branch = first_; branch && branch->skip.source; branch = branch->next)
      visit(branch->skip);
  }
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
    uint32_t bytes;   // of the state
    How how;
    Skip skip; // source 0: it is none
  };
  // As much memory as whole states may take at a time.
  static constexpr uint32_t kMostWhole = 256;
  static constexpr size_t kMostBytes = size_t{2} << 20;
  static uint32_t bytes(const State &state);
  bool has_room(uint32_t bytes) const { return whole_ < kMostWhole && whole_bytes_ + bytes <= kMostBytes; }
  // The newest. Null: no memory.
  Branch *make(How how) {
    Branch *branch = free_;
    if (branch)
      free_ = branch->next;
    else if (!(branch = arena_.make<Branch>()))
      return nullptr;
    branch->next = first_;
    branch->state = nullptr;
    branch->packed = nullptr;
    branch->how = how;
    branch->skip.source = 0;
    branch->skip.is_open = false;
    first_ = branch;
    count_++;
    return branch;
  }
  void keep_whole(Branch *branch, State *state, uint32_t bytes);
  [[nodiscard]] bool keep_packed(Branch *branch, const State &state);
  Branch *take();

  Arena &arena_;
  StatePool &states_;
  SnapshotPool &snapshots_;
  Branch *first_ = nullptr, *free_ = nullptr;
  uint32_t count_ = 0, whole_ = 0;
  size_t whole_bytes_ = 0;
};

} // namespace kbpf
