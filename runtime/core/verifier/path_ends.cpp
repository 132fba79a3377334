// SPDX-License-Identifier: MIT OR Apache-2.0
// Where a path ends: what is known to be safe then, and which path comes next.
#include "core/verifier/walk.h"

namespace kbpf {

Result<void> Verifier::end_path() {
  for (bool goes_on = false; !goes_on;) {
    close_checkpoints();
    if (branches_.is_empty()) {
      note_longest_demand();
      pool_.release(current_);
      current_ = nullptr;
      return {};
    }
    if (const Skip *skip = branches_.newest_skip()) {
      goes_on = KBPF_TRY(go_on_at_skip(*skip));
      continue;
    }
    Branches::How how;
    if (!branches_.pop(current_, how))
      return Error::no_memory;
    goes_straight_ = false;
    decisions_.truncate(how.decisions);
    if (wants_path())
      decisions_.push(scratch_, true);
    goes_on = !how.takes_jump || KBPF_TRY(go(true, how.is_narrowed));
  }
  log_.note("-- from here another path, at instruction {}\n", current_->insn);
  return {};
}

[[gnu::always_inline]] inline Result<bool> Verifier::go_on_at_skip(const Skip &skip) {
  decisions_.truncate(branches_.newest().decisions);
  if (wants_path())
    decisions_.push(scratch_, true);
  if (is_stood_for(skip)) {
    current_->insn = static_cast<uint32_t>(jump_target(skip.insn, analysis_.insn(skip.insn)));
    current_->parent = skip.parent;
    current_->path_length = skip.path_length;
    return end_at_skip();
  }
  KBPF_TRY(return_to(skip));
  State *const passed = all_have_ended(skip) ? KBPF_TRY(walk_other_side(skip)) : nullptr;
  const bool goes_on = KBPF_TRY(go(true));
  if (passed) {
    const bool is_within = goes_on && is_within_skipped(skip, *current_, *passed);
    pool_.release(passed);
    if (is_within)
      return end_at_skip();
  }
  branches_.drop();
  goes_straight_ = false;
  return goes_on;
}

Result<State *> Verifier::walk_other_side(const Skip &skip) {
  State *const jumping = pool_.copy(*current_);
  if (!jumping)
    return Error::no_memory;
  jumping->parent = current_->parent;
  const uint32_t meeting = static_cast<uint32_t>(jump_target(skip.insn, analysis_.insn(skip.insn)));
  while (current_->insn != meeting)
    if (KBPF_TRY(go_on(Jumps::pass)))
      return Error::invalid; // it was walked before: a fault of the verifier
  return std::exchange(current_, jumping);
}

bool Verifier::end_at_skip() {
  log_.note("-- from here another path, at instruction {}\n", current_->insn);
  log_.note("   known to be safe from instruction {} on\n", current_->insn);
  branches_.drop();
  return false;
}

Result<void> Verifier::return_to(const Skip &skip) {
  if (!snapshots_.unpack_passed(*skip.parent, *current_, pool_))
    return Error::no_memory;
  compared_values_.work += skip.path_length - current_->path_length;
  while (++current_->path_length != skip.path_length) {
    if (KBPF_TRY(go_on(Jumps::pass)))
      return Error::invalid; // the path went on: a fault of the verifier
    if (!analysis_.cfg.is_join[current_->insn])
      continue;
    simplify(*current_, analysis_.cfg);
    branches_.for_each_newest_skip([&](const Skip &other) {
      const Insn &jump = analysis_.insn(other.insn);
      if (other.parent == skip.parent &&
          static_cast<uint32_t>(jump_target(other.insn, jump)) == current_->insn &&
          other.path_length < current_->path_length)
        mark_skipped(other, *current_);
    });
  }
  return {};
}

void Verifier::note_path_end(uint32_t length, uint32_t end) {
  if (length <= stats_.longest_path)
    return;
  stats_.longest_path = length;
  stats_.longest_path_end = end;
}

void Verifier::close_checkpoints() {
  uint32_t length = current_->path_length, end = current_->insn;
  if (ended_at_) { // and would have gone on as the longest path from there did
    length += ended_at_->longest - ended_at_->path_length;
    end = ended_at_->longest_end;
    ended_at_ = nullptr;
  }
  note_path_end(length, end);
  for (Snapshot *checkpoint = current_->parent; checkpoint; checkpoint = checkpoint->parent) {
    if (length > checkpoint->longest) {
      checkpoint->longest = length;
      checkpoint->longest_end = end;
    }
    if (--checkpoint->open_paths != 0)
      return;
    length = checkpoint->longest;
    end = checkpoint->longest_end;
    Checkpoints &there = checkpoints_[checkpoint->insn];
    there.open = checkpoint->next; // the deepest of the path is the newest of its place
    checkpoint->next = there.closed;
    there.closed = checkpoint;
  }
}

} // namespace kbpf
